/** External PSKs in a handshake of TLS 1.3, as they are and imported (RFC 8446 §2.2, §4.2.11; RFC 9258). @module */
import { assert, Context, Effect } from "../../deps.ts";
import { serviceOf } from "../../../src/layers/pre_shared_keys/service.ts";
import { findExtension, ServerHello13 } from "../../../src/messages/mod.ts";
import { CipherSuite } from "../../../src/names/cipher_suite.ts";
import { NamedGroup } from "../../../src/names/named_group.ts";
import { PskKeyExchangeMode } from "../../../src/names/protocol.ts";
import { CertificateVerifier } from "../../../src/ports/trust.ts";
import type { ConnectionEvent } from "../../../src/ports/observer.ts";
import { type ExternalPsk, PreSharedKeys } from "../../../src/ports/pre_shared_keys.ts";
import { alertOf } from "../../../src/faults/meaning.ts";
import type { Policy } from "../../../src/tables/policy.ts";
import { ascii } from "../../../src/wire/bytes.ts";
import { sync, withoutLogs } from "../../support/effect.ts";
import { bothHandshake, build, type Built, pingPong, type Setup } from "../../support/handshake.ts";
import { hex } from "../../support/keys.ts";
import { bothUnder, modern13 } from "../../support/policies.ts";

const KEY = hex("00112233445566778899aabbccddeeff");
const OTHER = hex("ffeeddccbbaa99887766554433221100");
const device: ExternalPsk = { identity: ascii("device"), key: KEY };
const imported: ExternalPsk = { ...device, imported: { context: ascii("client: a, server: b") } };
const toy: Setup = bothUnder(modern13, { toy: true });
const under = (more: Partial<Policy>): Setup => bothUnder({ ...modern13, ...more }, { toy: true });

/** Both ends with keys of theirs; nobody trusts a certificate. */
const having = (client: ReadonlyArray<ExternalPsk>, server: ReadonlyArray<ExternalPsk>) =>
  Effect.map(build({ toy: true }), (built): Built => ({
    client: built.client.pipe(
      Context.add(PreSharedKeys, serviceOf(client)),
      Context.add(CertificateVerifier, {
        partition: "nobody",
        verify: () => Effect.dieMessage("a certificate was shown"),
      }),
    ),
    server: Context.add(built.server, PreSharedKeys, serviceOf(server)),
  }));

/** A handshake: what was negotiated, and the ServerHello. */
const agreed = (built: Built, setup: Setup) =>
  Effect.gen(function* () {
    const hellos: Array<ServerHello13> = [];
    const observe = (e: ConnectionEvent) => {
      if (e._tag === "message" && e.message instanceof ServerHello13) hellos.push(e.message);
    };
    const ends = yield* bothHandshake(built, { ...setup, client: { ...setup.client, observe } });
    const [client, server] = [yield* ends.client, yield* ends.server];
    assert.equal(yield* pingPong(client, server), "ping pong");
    const [ours, theirs] = [yield* client.negotiated, yield* server.negotiated];
    assert.deepEqual(
      [ours.psk, ours.cipherSuite, ours.group],
      [theirs.psk, theirs.cipherSuite, theirs.group],
    );
    assert.deepEqual([yield* client.peerCertificates, yield* server.peerCertificates], [[], []]);
    return { ...ours, hello: hellos[0]! };
  });

for (
  const [what, key, kind] of [["as it is", device, "external"], ["imported", imported, "imported"]] as const
) {
  sync(
    `an external PSK, ${what}: a handshake without certificates, and with an ephemeral key`,
    Effect.gen(function* () {
      const { group, hello, psk, resumed } = yield* agreed(yield* having([key], [key]), toy);
      assert.deepEqual([psk, resumed, group], [kind, false, NamedGroup.x25519]);
      assert.ok(findExtension(hello.extensions, "key_share"));
      assert.equal(findExtension(hello.extensions, "pre_shared_key")?.selectedIdentity, 0);
    }),
  );

  sync(
    `an external PSK, ${what}, gives no ticket, which would outlive the key`,
    Effect.gen(function* () {
      const built = yield* having([key], [key]);
      yield* agreed(built, toy);
      const { psk, resumed } = yield* agreed(built, toy);
      assert.deepEqual([psk, resumed], [kind, false]);
    }),
  );

  sync(
    `an external PSK, ${what}, after a HelloRetryRequest`,
    Effect.gen(function* () {
      const setup: Setup = {
        ...toy,
        server: { policy: { ...modern13, groups: [NamedGroup.secp384r1] } },
      };
      const { group, helloRetried, psk } = yield* agreed(yield* having([key], [key]), setup);
      assert.deepEqual([group, helloRetried, psk], [NamedGroup.secp384r1, true, kind]);
    }),
  );

  sync(
    `an external PSK, ${what}: another key of the same name is a decrypt_error`,
    Effect.gen(function* () {
      const ends = yield* bothHandshake(yield* having([key], [{ ...key, key: OTHER }]), toy);
      const failure = yield* Effect.flip(ends.server);
      assert.equal(failure._tag, "DecryptError");
      assert.equal(alertOf(failure), "decrypt_error");
      assert.equal((yield* Effect.flip(ends.client))._tag, "PeerAlert");
    }),
  );
}

sync(
  "psk_ke alone: no ephemeral key, and no share in the ServerHello",
  Effect.gen(function* () {
    const setup = under({ pskKeyExchangeModes: [PskKeyExchangeMode.psk_ke] });
    const { group, hello, psk } = yield* agreed(yield* having([device], [device]), setup);
    assert.deepEqual([psk, group], ["external", undefined]);
    assert.equal(findExtension(hello.extensions, "key_share"), undefined);
  }),
);

sync(
  "Policy.modern does not use psk_ke, though the client offers it",
  Effect.gen(function* () {
    const both = [PskKeyExchangeMode.psk_ke, PskKeyExchangeMode.psk_dhe_ke];
    const setup: Setup = { ...under({ pskKeyExchangeModes: both }), server: { policy: modern13 } };
    const { group } = yield* agreed(yield* having([device], [device]), setup);
    assert.equal(group, NamedGroup.x25519);
  }),
);

sync(
  "a key is for its hash: one of SHA-384 takes the suite of SHA-384, whichever comes first",
  Effect.gen(function* () {
    const key: ExternalPsk = { ...device, hash: "sha384" };
    const { cipherSuite } = yield* agreed(yield* having([key], [key]), toy);
    assert.equal(cipherSuite, CipherSuite.TLS_AES_256_GCM_SHA384);
  }),
);

sync(
  "of several keys the server takes the first in the client's list that it has",
  Effect.gen(function* () {
    const others = ["x", "y"].map((name): ExternalPsk => ({ identity: ascii(name), key: OTHER }));
    const { hello, psk } = yield* agreed(yield* having([...others, device], [device]), toy);
    assert.equal(psk, "external");
    assert.equal(findExtension(hello.extensions, "pre_shared_key")?.selectedIdentity, 2);
  }),
);

for (
  const [what, client, server] of [
    ["with an identity that the server does not have", [{ ...device, identity: ascii("else") }], [device]],
    ["imported for the other direction (Selfie, RFC 9258 §A)", [imported], [{
      ...device,
      imported: { context: ascii("client: b, server: a") },
    }]],
    ["imported at the client alone", [imported], [device]],
    ["imported at the server alone", [device], [imported]],
  ] as ReadonlyArray<[string, ReadonlyArray<ExternalPsk>, ReadonlyArray<ExternalPsk>]>
) {
  sync(
    `an external PSK ${what}: the server shows its certificate, as in any full handshake`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true });
      const ends = yield* bothHandshake({
        client: Context.add(built.client, PreSharedKeys, serviceOf(client)),
        server: Context.add(built.server, PreSharedKeys, serviceOf(server)),
      }, toy);
      assert.equal((yield* (yield* ends.client).negotiated).psk, undefined);
      assert.equal((yield* (yield* ends.client).peerCertificates).length, 1);
      assert.equal(yield* pingPong(yield* ends.client, yield* ends.server), "ping pong");
    }),
  );
}

sync(
  "a service whose functions throw, never end or give something else counts as one without keys",
  Effect.gen(function* () {
    const bad = [
      { choose: () => Effect.dieMessage("no"), lookup: () => Effect.dieMessage("no") },
      { choose: () => Effect.succeed("keys" as never), lookup: () => Effect.succeed(7 as never) },
      {
        choose: () => {
          throw new Error("no");
        },
        lookup: () => {
          throw new Error("no");
        },
      },
    ];
    for (const service of bad) {
      const built = yield* build({ toy: true });
      const clients = { ...built, client: Context.add(built.client, PreSharedKeys, service) };
      const one = yield* bothHandshake(clients, toy);
      assert.equal((yield* (yield* one.client).negotiated).psk, undefined);
      const servers = {
        client: Context.add(built.client, PreSharedKeys, serviceOf([device])),
        server: Context.add(built.server, PreSharedKeys, service),
      };
      const two = yield* bothHandshake(servers, toy);
      assert.equal((yield* (yield* two.server).negotiated).psk, undefined);
    }
  }).pipe(withoutLogs),
);
