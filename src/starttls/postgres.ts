/** PostgreSQL: an SSLRequest, and one byte as the answer. @module */
import { Effect } from "../deps.ts";
import { StartTlsNotOffered, StartTlsRefused } from "../public/errors.ts";
import type { Dialogues } from "./dialogue.ts";

/** The numbers of the requests that stand where a startup message has its version. */
const Request = { ssl: 80_877_103, gssEncryption: 80_877_104 } as const;

/** PostgreSQL ("SSL Session Encryption" in its documentation). */
export const postgres: Dialogues = {
  rfc: undefined,
  port: 5432,
  client: (talk) =>
    Effect.gen(function* () {
      const { protocol, rfc } = talk;
      yield* talk.say(request(Request.ssl));
      const answer = String.fromCharCode((yield* talk.bytes(1, "the answer to SSLRequest"))[0]!);
      switch (answer) {
        case "S":
          return undefined;
        case "N":
          return yield* new StartTlsNotOffered({ protocol, rfc, offered: answer });
        case "E": // An error message. Nothing proves whose words it has, so they are not read.
          return yield* new StartTlsRefused({ protocol, rfc, code: answer, text: "an error message" });
        default:
          return yield* talk.unexpected("S or N", answer);
      }
    }),
  server: (talk) =>
    Effect.gen(function* () {
      const expected = "SSLRequest";
      for (let i = 0; i < 2; i++) {
        const bytes = yield* talk.bytes(8, expected);
        const view = new DataView(bytes.buffer);
        const code = view.getUint32(4);
        if (view.getUint32(0) === 8 && code === Request.ssl) return { greeting: undefined, goAhead: "S" };
        if (view.getUint32(0) !== 8 || code !== Request.gssEncryption) {
          if (code >>> 16 !== 3) return yield* talk.unexpected(expected, bytes);
          yield* talk.say(tlsFirst);
          return yield* talk.unexpected(expected, "a startup message without TLS");
        }
        // A client may ask for encryption by GSSAPI first, and for TLS when it gets a no.
        yield* talk.nothingMore;
        yield* talk.say("N");
      }
      return yield* talk.unexpected(expected, "two requests for GSSAPI");
    }),
};

const request = (code: number): Uint8Array => {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, 8);
  view.setUint32(4, code);
  return new Uint8Array(view.buffer);
};

/** An ErrorResponse: severity, SQLSTATE invalid_authorization_specification, message. */
const tlsFirst = ((): Uint8Array => {
  const fields = new TextEncoder().encode("SFATAL\0C28000\0Mthis server wants TLS (sslmode=require)\0\0");
  return Uint8Array.of(0x45, 0, 0, 0, fields.length + 4, ...fields);
})();
