/**
 * What people are told about an error: what happened, whose fault it is, and the flag or option that helps.
 *
 * @module
 */
import { assert, Effect, Either } from "../deps.ts";
import { ByteStream, Client, Errors, Names, Transport } from "../../mod.ts";
import type { TlsError } from "../../src/faults/tls_error.ts";
import { ascii } from "../../src/wire/bytes.ts";
import { live, sync } from "../support/effect.ts";
import { bothHandshake, build } from "../support/handshake.ts";

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
