/**
 * What hellos say of secure renegotiation (RFC 5746) and of the extended master secret (RFC 7627).
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import { encodeMessage } from "../../src/grammar/message_kind.ts";
import { ClientHello, type ServerHello } from "../../src/messages/mod.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { CompressionMethod, ProtocolVersion } from "../../src/names/protocol.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { compatible12, legacy12, modern12 } from "../support/policies.ts";
import { make } from "../../src/wire/codec.ts";
import { sync } from "../support/effect.ts";
import { bothHandshake, build, type Setup } from "../support/handshake.ts";
import { changedHandshake, changingHello, changingServerHello } from "../support/other_ends.ts";

const SCSV = CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV;
const plain: Policy = { ...legacy12, compressionMethods: [CompressionMethod.null] };

/** Both hellos of a first handshake, whatever becomes of it; the client's may be changed. */
const hellos = (setup: Setup, change: (hello: ClientHello) => object = () => ({}), resumed = false) =>
  Effect.gen(function* () {
    const built = yield* build({ kind: "rsa", toy: true });
    if (resumed) yield* bothHandshake(built, setup);
    let client: ClientHello | undefined;
    let server: ServerHello | undefined;
    const ends = yield* changedHandshake(built, { kind: "rsa", toy: true, ...setup }, {
      client: changingHello((hello) => {
        client = make(ClientHello, { ...hello, ...change(hello) });
        return encodeMessage(client);
      }),
      server: changingServerHello((hello) => {
        server = hello;
        return encodeMessage(hello);
      }),
    });
    return { client: client!, server: server!, ends };
  });

type Extensions = ReadonlyArray<{ readonly _tag: string }> | undefined;
const has = ({ extensions }: { readonly extensions?: Extensions }, tag: string): boolean =>
  extensions?.some(({ _tag }) => _tag === tag) ?? false;
const dropped = (...tags: ReadonlyArray<string>) => ({ cipherSuites, extensions }: ClientHello) => ({
  cipherSuites: cipherSuites.filter((id) => id !== SCSV),
  extensions: extensions?.filter(({ _tag }) => !tags.includes(_tag)),
});

sync(
  "a first hello has an empty renegotiation_info or the SCSV, and never both, under every policy (RFC 5746 §3.4)",
  Effect.gen(function* () {
    for (const policy of [modern12, compatible12, plain]) {
      const { client } = yield* hellos({ client: { policy }, server: { policy: plain } });
      const info = client.extensions?.find((e) => e._tag === "renegotiation_info");
      assert.equal([info !== undefined, client.cipherSuites.includes(SCSV)].filter(Boolean).length, 1);
      assert.equal(info?.renegotiatedConnection.length ?? 0, 0);
    }
  }),
);

sync(
  "a server answers the SCSV alone, and the extension alone, by an empty renegotiation_info (RFC 5746 §3.6)",
  Effect.gen(function* () {
    for (const [signal, policy] of [["the SCSV", plain], ["the extension", compatible12]] as const) {
      const { client, server } = yield* hellos({ client: { policy }, server: { policy } });
      assert.equal(client.cipherSuites.includes(SCSV), signal === "the SCSV");
      const info = server.extensions?.find((e) => e._tag === "renegotiation_info");
      assert.equal(info?.renegotiatedConnection.length, 0, signal);
      assert.notEqual(server.cipherSuite, SCSV);
    }
  }),
);

sync(
  "a server that hears neither says nothing of it, and one that renegotiates with nobody says it all the same (RFC 5746 §3.6, §4.3)",
  Effect.gen(function* () {
    const neither = yield* hellos(
      { client: { policy: plain }, server: { policy: plain } },
      dropped("renegotiation_info"),
    );
    assert.equal(has(neither.server, "renegotiation_info"), false);
    assert.equal((yield* (yield* neither.ends.server).negotiated).secureRenegotiation, false);
    for (const renegotiation of ["refuse", "close", "ignore"] as const) {
      const policy = { ...modern12, renegotiation };
      const { server } = yield* hellos({ client: { policy }, server: { policy } });
      assert.equal(has(server, "renegotiation_info"), true);
    }
  }),
);

sync(
  "a client says extended_master_secret in every hello of TLS, full and resumed, and a server answers it (RFC 7627 §5.2, §5.3)",
  Effect.gen(function* () {
    for (const resumed of [false, true]) {
      for (const policy of [modern12, compatible12, plain]) {
        const setup = { client: { policy }, server: { policy } };
        const { client, server, ends } = yield* hellos(setup, undefined, resumed);
        assert.deepEqual([client, server].map((hello) => has(hello, "extended_master_secret")), [true, true]);
        assert.equal((yield* (yield* ends.client).negotiated).resumed, resumed);
      }
    }
  }),
);

sync(
  "a server that does not hear extended_master_secret does not say it, and both derive the master secret of old (RFC 7627 §5.2)",
  Effect.gen(function* () {
    const setup = { client: { policy: compatible12 }, server: { policy: compatible12 } };
    const { server, ends } = yield* hellos(setup, dropped("extended_master_secret"));
    assert.equal(has(server, "extended_master_secret"), false);
    for (const end of [yield* ends.client, yield* ends.server]) {
      assert.equal((yield* end.negotiated).extendedMasterSecret, false);
    }
  }),
);

sync(
  "SSL 3.0 has no extended master secret, and says nothing of it (RFC 7627 §6.4)",
  Effect.gen(function* () {
    const policy = { ...plain, versions: [ProtocolVersion.SSL_3_0] };
    const { client, server, ends } = yield* hellos({ client: { policy }, server: { policy } });
    assert.deepEqual([client, server].map((hello) => has(hello, "extended_master_secret")), [false, false]);
    assert.equal((yield* (yield* ends.client).negotiated).extendedMasterSecret, false);
  }),
);
