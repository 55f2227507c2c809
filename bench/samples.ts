/** The messages of a real handshake with client authentication and a ticket, each with its codec. @module */
import { Effect, Layer, type Schema } from "../src/deps.ts";
import {
  ByteStream,
  CertificateVerifier,
  Client,
  Codec,
  type ConnectionEvent,
  Credentials,
  Crypto,
  Server,
  SessionStore,
  SessionTickets,
} from "../mod.ts";
import * as Golden from "../tests/golden/certificates.ts";

const seen: Array<ConnectionEvent & { readonly _tag: "message" }> = [];

const trust = Layer.orDie(CertificateVerifier.layerRoots(Golden.root));
const common = Layer.mergeAll(Crypto.layerDeterministic("samples"), SessionStore.layerMemory(), trust);
Effect.runSync(
  Effect.scoped(Effect.flatMap(ByteStream.makePair(), ([a, b]) =>
    Effect.all([
      Effect.provide(
        Client.over(a, {
          serverName: "localhost",
          alpn: ["h2", "http/1.1"],
          observe: (event) => void (event._tag === "message" && seen.push(event)),
        }),
        Layer.mergeAll(common, Layer.orDie(Credentials.fromPem(Golden.client("rsa")))),
      ),
      Effect.provide(
        Server.over(b, { alpn: ["h2"], clientAuth: "require" }),
        Layer.mergeAll(
          common,
          SessionTickets.layerRotating(),
          Layer.orDie(Credentials.fromPem(Golden.server("p256"))),
        ),
      ),
    ], { concurrency: 2 }))),
);

/** A message, its encoded body, and its codec. */
export const samples = seen.filter(({ message, direction }, i) =>
  message._tag !== "ClientHello" && (message._tag !== "Finished" || direction === "sent") &&
  seen.findIndex(({ message: { _tag } }) => _tag === message._tag) <= i
).filter(({ message, direction }) => message._tag !== "Certificate" || direction === "received")
  .map(({ message, raw }) => {
    // A message is an instance of its class, and the class is its Schema.
    const { decode, encode } = Codec.codec(message.constructor as unknown as Schema.Schema<object, object>);
    const name = message._tag.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
    return [name, { sample: message as object, encoded: raw.subarray(4), decode, encode }] as const;
  });
