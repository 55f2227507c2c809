/**
 * What people are told about an error: what happened, whose fault it is, and the flag or option that helps.
 *
 * @module
 */
import { assert, Context, Effect, Either, Layer } from "../deps.ts";
import { ByteStream, Client, Errors, Names, Server, Transport } from "../../mod.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import { credentialFromPem, layer } from "../../src/layers/credentials/credentials.ts";
import { layerRoots } from "../../src/layers/trust/roots.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { ascii } from "../../src/wire/bytes.ts";
import { oids } from "../../src/x509/der/oids.ts";
import { makeCa } from "../support/ca.ts";
import { failsWith, live, sync, tagOf } from "../support/effect.ts";
import { bothHandshake, bothHandshakeBy, build, type Built } from "../support/handshake.ts";
import { modern13 } from "../support/policies.ts";
import { plainRecord } from "../support/replay.ts";

const hint = (e: TlsError): string => Errors.explain(e).hint ?? "";
const inOrder = /Policy\.compatible, then Policy\.legacy \(--policy compatible, --policy legacy\)/;

const fromOld: ReadonlyArray<readonly [string, TlsError]> = [
  ["handshake_failure", new Errors.PeerAlert({ level: 2, description: 40 } as never)],
  ["protocol_version", new Errors.PeerAlert({ level: 2, description: 70 } as never)],
  ["an end in the handshake", new Errors.Truncated({ handshaking: true })],
  ["a reset", new Errors.TransportError({ operation: "read", cause: "Connection reset by peer" })],
  ["a broken pipe", new Errors.TransportError({ operation: "write", cause: "Broken pipe" })],
  ["no common version", new Errors.Refused({ reason: "no_common_version", detail: "" })],
  ["no common suite", new Errors.Refused({ reason: "no_common_cipher_suite", detail: "" })],
];
for (const [what, error] of fromOld) {
  Deno.test(`${what}: the hint names the policies to try, in their order`, () => {
    assert.match(hint(error), inOrder);
  });
}

for (const [what, error] of fromOld) {
  Deno.test(`${what}: the hint names neither the policy in force nor one that gives less`, () => {
    const of = (policy: "modern" | "compatible" | "legacy") => Errors.explain(error, { policy }).hint ?? "";
    assert.equal(of("modern"), hint(error));
    assert.match(of("compatible"), /Policy\.legacy \(--policy legacy\)/);
    assert.doesNotMatch(of("compatible"), /compatible/);
    assert.doesNotMatch(of("legacy"), /compatible|legacy|too old/);
    assert.notEqual(of("legacy"), "");
  });
}

Deno.test("who showed no certificate, and was asked for one, is told so first", () => {
  const refusal = new Errors.PeerAlert({ level: 2, description: 40 } as never);
  const told = (certificateWanted: boolean) => Errors.explain(refusal, { certificateWanted }).hint ?? "";
  assert.match(
    told(true),
    /^the peer asked for a certificate, and none was shown: give one .*--cert and --key/,
  );
  assert.match(told(false), /want.* a certificate/);
  assert.doesNotMatch(told(false), /was shown/);
});

Deno.test("an internal_error of the peer: what was read is not the whole answer", () => {
  const told = hint(new Errors.PeerAlert({ level: 2, description: 80 } as never));
  assert.match(told, /gave up in the middle.*not the whole answer/);
});

Deno.test("a server without RFC 5746 is sent to the one setting that is about it, and not to older ciphers", () => {
  const told = hint(new Errors.Refused({ reason: "insecure_renegotiation", detail: "" }));
  assert.match(told, /requireSecureRenegotiation: false .*--no-secure-renegotiation/);
  assert.doesNotMatch(told, /legacy/);
});

Deno.test("a renegotiation that RFC 5746 does not bind is told with the flag that lets it pass", () => {
  assert.match(hint(new Errors.RenegotiationRefused({ by: "policy" })), /--insecure-renegotiation/);
});

live(
  "a server that resets the connection in the handshake: told with a hint",
  Effect.gen(function* () {
    const reset = ByteStream.fromConn({
      read: () => Promise.reject(new Deno.errors.ConnectionReset("Connection reset by peer")),
      write: ({ length }) => Promise.resolve(length),
      close: () => {},
    });
    const over = Effect.flip(Effect.scoped(Client.over(reset, { serverName: "localhost" })));
    const error = yield* Effect.provide(over, (yield* build()).client);
    assert.equal(error.message, "read: Connection reset by peer");
    assert.match(hint(error), inOrder);
  }),
);

for (const [name, network] of Object.entries({ TCP: Transport.layerTcp, memory: Transport.layerMemory })) {
  live(
    `an address that can't be opened over ${name} is named in the error`,
    Effect.gen(function* () {
      const address = { hostname: "127.0.0.1", port: 1 };
      const opening = Effect.flatMap(Transport.Transport, ({ open }) => Effect.scoped(open(address)));
      const error = yield* Effect.flip(Effect.provide(opening, network));
      assert.deepEqual(error.address, address);
      assert.match(error.message, /^open 127\.0\.0\.1:1: ./);
    }),
  );
  live(
    `an address at which something listens already is named in the error over ${name}`,
    Effect.scoped(Effect.gen(function* () {
      const { listen } = yield* Transport.Transport;
      const { address } = yield* listen({ hostname: "127.0.0.1", port: 0 });
      const error = yield* Effect.flip(listen(address));
      assert.deepEqual(error.address, address);
      assert.match(error.message, new RegExp(`^listen 127\\.0\\.0\\.1:${address.port}: .`));
    })).pipe(Effect.provide(network)),
  );
}

Deno.test("an IPv6 address stands in brackets, and nothing in an address is printed as it is", () => {
  const message = (hostname: string) =>
    new Errors.TransportError({ operation: "open", cause: "no", address: { hostname, port: 443 } }).message;
  assert.equal(message("::1"), "open [::1]:443: no");
  assert.equal(message("a\x1b[2J"), "open a\\u001b[2J:443: no");
});

sync(
  "a server without a protocol of the client's says which it named: a few, cut short, and nothing to obey",
  Effect.gen(function* () {
    const alpn = ["\x1b[2J", "x".repeat(100), ...Array.from({ length: 50 }, (_, i) => `p${i}`)];
    const { server } = yield* bothHandshake(yield* build(), { client: { alpn }, server: { alpn: ["h2"] } });
    assert.ok(Either.isLeft(server));
    assert.equal(
      server.left.message,
      `no common application protocol: we speak h2, the client "\\u001b[2J", "${"x".repeat(32)}"…, ` +
        `"p0", "p1", "p2", "p3", "p4", "p5", 44 more`,
    );
  }),
);

sync(
  "a server that answers with another protocol is told by the name that it said",
  Effect.gen(function* () {
    let done = false;
    const { client } = yield* bothHandshake(yield* build(), {
      client: { alpn: ["h2"] },
      server: { alpn: ["h2"] },
      tamper: (from, bytes) => {
        const at = from === "server" && !done ? indexOf(bytes, ascii("\x02h2")) : -1;
        if (at < 0) return bytes;
        done = true;
        const changed = bytes.slice();
        changed.set(ascii("h9"), at + 1);
        return changed;
      },
    });
    assert.ok(Either.isLeft(client));
    assert.match(client.left.message, /"h9" is not one of the offered h2$/);
  }),
);

const indexOf = (bytes: Uint8Array, what: Uint8Array): number => {
  for (let at = 0; at + what.length <= bytes.length; at++) {
    if (what.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
};

Deno.test("the RFC of the version is cited where that is known, and otherwise both", () => {
  const { TLS_1_2, TLS_1_3 } = Names.ProtocolVersion;
  const closed = new Errors.Truncated({ handshaking: false });
  const cited = (version?: Names.ProtocolVersion) => Errors.explain(closed, { version }).rfc;
  assert.deepEqual([cited(TLS_1_3), cited(TLS_1_2)], ["RFC 8446 §6.1", "RFC 5246 §7.2.1"]);
  assert.equal(cited(), "RFC 8446 §6.1, up to TLS 1.2 RFC 5246 §7.2.1");
  assert.equal(Errors.rfcOf(closed, { version: TLS_1_3 }), "RFC 8446 §6.1");
});

for (
  const [alert, rfc] of [
    ["certificate_required", "RFC 8446 §6.2"],
    ["missing_extension", "RFC 8446 §6.2"],
    ["no_renegotiation", "RFC 5246 §7.2.2"],
    ["no_application_protocol", "RFC 7301 §3.2"],
    ["handshake_failure", "RFC 8446 §6.2, up to TLS 1.2 RFC 5246 §7.2.2"],
  ] as const
) {
  Deno.test(`a peer's ${alert} cites where that alert is defined`, () => {
    const description = Names.AlertDescription[alert];
    assert.equal(Errors.rfcOf(new Errors.PeerAlert({ level: 2, description } as never)), rfc);
  });
}

Deno.test("a pipe that breaks after the handshake is not laid to an old peer", () => {
  const broken = new Errors.TransportError({ operation: "write", cause: "Broken pipe" });
  assert.match(hint(broken), /too old/);
  assert.equal(Errors.explain(broken, { version: Names.ProtocolVersion.TLS_1_3 }).hint, undefined);
});

// ---- the advice, tried ----

const authority = makeCa();
const roots = layerRoots(authority.certificatePem);

for (
  const [role, needs, other] of [["server", "serverAuth", "clientAuth"], [
    "client",
    "clientAuth",
    "serverAuth",
  ]] as const
) {
  sync(
    `a ${role}'s certificate for something else is wrong_usage; one with the purpose that the hint names is trusted`,
    Effect.gen(function* () {
      const built = yield* build({ clientKind: "p256" });
      const trust = yield* Layer.build(Layer.orDie(roots));
      const meet = (purpose: "clientAuth" | "serverAuth") =>
        Effect.gen(function* () {
          const { chainPem, privateKeyPem } = authority.issue({
            names: ["localhost"],
            extendedKeyUsage: [oids[purpose]],
          });
          const shown = yield* Layer.build(layer([
            yield* credentialFromPem({ certificate: chainPem, privateKey: privateKeyPem }),
          ]));
          const judged = role === "server" ? "client" : "server";
          const ends = yield* bothHandshake(
            {
              ...built,
              [role]: Context.merge(built[role] as Built["server"], shown),
              [judged]: Context.merge(built[judged] as Built["server"], trust),
            },
            { server: { clientAuth: role === "client" ? "require" : "none" } },
          );
          return ends[judged];
        });
      const refused = yield* failsWith(yield* meet(other), "CertificateError");
      assert.equal(refused.reason, "wrong_usage");
      assert.match(refused.message, new RegExp(`does not allow ${needs}$`));
      assert.match(hint(refused), new RegExp(`${needs} for a ${role}'s`));
      assert.equal(tagOf(yield* meet(needs)), "no error");
    }),
  );
}

const wantsMore: ReadonlyArray<readonly [string, Partial<Policy>, Partial<Policy>, RegExp]> = [
  [
    "signature schemes",
    { signatureSchemes: [] },
    { signatureSchemes: modern13.signatureSchemes },
    /Policy\.signatureSchemes empty/,
  ],
  [
    "groups, or a key instead",
    { groups: [], pskKeyExchangeModes: [Names.PskKeyExchangeMode.psk_ke] },
    { groups: modern13.groups },
    /Policy\.groups /,
  ],
];
for (const [what, without, added, says] of wantsMore) {
  sync(
    `a client without ${what} hears missing_extension, and is connected when it does as its hint says`,
    Effect.gen(function* () {
      const built = yield* build();
      const meet = (client: Policy) =>
        bothHandshake(built, { client: { policy: client }, server: { policy: modern13 } });
      const { client } = yield* meet({ ...modern13, ...without });
      const alert = yield* failsWith(client, "PeerAlert");
      assert.equal(alert.description, Names.AlertDescription.missing_extension);
      assert.match(hint(alert), says);
      assert.equal(tagOf((yield* meet({ ...modern13, ...without, ...added })).client), "no error");
    }),
  );
}

sync(
  "a client without a host name hears missing_extension of a server that wants one, and is connected with one (RFC 8446 §9.2)",
  Effect.gen(function* () {
    const built = yield* build();
    const meet = (serverName: string | undefined) =>
      bothHandshakeBy(built, {}, {
        client: (stream) => Client.over(stream, { serverName, policy: modern13 }),
        server: (stream) =>
          Effect.gen(function* () {
            const hello = (yield* stream.read)!;
            const read = Effect.suspend(() =>
              unread.length > 0 ? Effect.succeed(unread.shift()) : stream.read
            );
            const unread = [hello];
            if (indexOf(hello, ascii("localhost")) < 0) {
              yield* stream.write(
                plainRecord(21, Uint8Array.of(2, Names.AlertDescription.missing_extension)),
              );
            }
            return yield* Server.over({ ...stream, read }, { policy: modern13 });
          }),
      });
    for (const none of ["127.0.0.1", undefined]) {
      const alert = yield* failsWith((yield* meet(none)).client, "PeerAlert");
      assert.match(hint(alert), /a host name, .*\(serverName, --servername\)/);
    }
    assert.equal(tagOf((yield* meet("localhost")).client), "no error");
  }),
);
