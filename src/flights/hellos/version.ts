/** The version that a server speaks: a pure function to a value, or to the reason of a refusal. @module */
import { Either } from "../../deps.ts";
import { Refused } from "../../faults/errors/connection.ts";
import { type ClientHello, findExtension } from "../../messages/mod.ts";
import { CipherSuite } from "../../names/cipher_suite.ts";
import { ProtocolVersion, versionText } from "../../names/protocol.ts";
import type { Policy } from "../../tables/policy.ts";
import { highest, spoken, type Version, versions } from "../../tables/versions/mod.ts";
import type { Renegotiable } from "../agreed/established.ts";

/**
 * The version to speak (RFC 5246 §E.1). If supported_versions is present, it alone decides, and without it nobody offers
 * TLS 1.3 (RFC 8446 §4.2.1). A renegotiation keeps the connection's version.
 */
export const versionOf = (
  policy: Policy,
  hello: ClientHello,
  previous: Renegotiable | undefined,
): Either.Either<Version, Refused> => {
  const ours = previous ? [previous.dialect.version] : spoken(policy);
  const offered = hello.clientVersion > ProtocolVersion.SSL_3_0
    ? findExtension(hello.extensions, "supported_versions")?.versions
    : undefined;
  const most = Math.min(hello.clientVersion, ProtocolVersion.TLS_1_2);
  const common = ours.filter((v) => offered ? offered.includes(v) : v <= most);
  const version = common.length > 0 ? versions.get(highest(common)) : undefined;
  const refused = (reason: Refused["reason"], detail: string) => Either.left(new Refused({ reason, detail }));
  if (!version) {
    const theirs = offered
      ? offered.map(versionText).join(", ")
      : `up to ${versionText(hello.clientVersion)}`;
    const detail = `the client speaks ${theirs}, we ${ours.map(versionText).join(", ")}`;
    return refused("no_common_version", detail);
  }
  if (hello.cipherSuites.includes(CipherSuite.TLS_FALLBACK_SCSV) && version.version < highest(ours)) {
    return refused("inappropriate_fallback", "the client fell back below what both ends speak");
  }
  return Either.right(version);
};
