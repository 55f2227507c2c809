/** The rule for extensions in answers of TLS 1.3 (RFC 8446 §4.2). @module */
import { Either } from "../../deps.ts";
import { IllegalParameter, UnsupportedExtension } from "../../faults/errors/connection.ts";
import { type Carrier, mayStandIn } from "../../messages/mod.ts";
import { ExtensionType } from "../../names/extension_type.ts";
import { type AnyExtension, typeOf } from "../base/unanswered.ts";

/**
 * Refuses an extension that may not stand in the message, as an illegal_parameter, and one that was not asked for, as an
 * unsupported_extension.
 */
export const solicited = (
  subject: Carrier,
  asked: ReadonlyArray<AnyExtension>,
  answered: ReadonlyArray<AnyExtension>,
): Either.Either<void, IllegalParameter | UnsupportedExtension> => {
  const types = new Set(asked.map(typeOf));
  for (const answer of answered) {
    const type = typeOf(answer);
    const extension = ExtensionType.nameOf(type);
    if (!mayStandIn(type, subject) || (types.has(type) && answer._tag === "unknown")) {
      return Either.left(
        new IllegalParameter({
          subject,
          field: `extensions.${extension}`,
          reason: "is not for this message",
          rfc: "RFC 8446 §4.2",
        }),
      );
    }
    if (!types.has(type)) return Either.left(new UnsupportedExtension({ subject, extension }));
  }
  return Either.void;
};
