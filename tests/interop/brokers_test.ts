// deno-lint-ignore-file no-control-regex -- MQTT is a protocol of bytes
/** Our client with Redis and Mosquitto, where TLS begins with the first byte and clients show a certificate. @module */
import { assert, Effect } from "../deps.ts";
import { client, connect } from "./ends.ts";
import { withPeer } from "./peers.ts";
import { mosquitto, PROGRAM as MOSQUITTO } from "./servers/mosquitto.ts";
import { PROGRAM as REDIS, redis } from "./servers/redis.ts";
import { say } from "./starttls.ts";

withPeer(
  REDIS,
  "Redis: a client with a certificate sets a key and gets it",
  Effect.gen(function* () {
    const { port } = yield* redis({ clientCertificates: true });
    const connection = yield* connect(port);
    yield* say(connection, "SET greeting hello\r\n", /^\+OK\r\n/);
    yield* say(connection, "GET greeting\r\n", /^\$5\r\nhello\r\n/);
  }).pipe(Effect.provide(client(undefined, "p256"))),
);

withPeer(
  MOSQUITTO,
  "Mosquitto: a client with a certificate is heard by itself, and one without is told that it needs one",
  Effect.gen(function* () {
    const { port } = yield* mosquitto({ clientCertificates: true });
    // CONNECT by MQTT 3.1.1 as `us`; CONNACK says 0.
    const hello = "\x10\x0e\0\x04MQTT\x04\x02\0\x3c\0\x02us";
    yield* Effect.gen(function* () {
      const connection = yield* connect(port);
      yield* say(connection, hello, /^\x20\x02\0\0/);
      yield* say(connection, "\x82\x06\0\x01\0\x01t\0", /^\x90\x03\0\x01\0/);
      yield* say(connection, "\x30\x08\0\x01thello", /\x30\x08\0\x01thello/);
    }).pipe(Effect.provide(client(undefined, "p256")));
    const refused = yield* Effect.flip(
      Effect.flatMap(connect(port), (connection) => say(connection, hello, /./)).pipe(
        Effect.provide(client()),
      ),
    );
    assert.equal(refused._tag, "PeerAlert");
    assert.match(refused.message, /certificate_required/);
  }),
);
