/** Resumption of TLS 1.3 with OpenSSL: sealed tickets, tickets from the store, each of them once, after a HelloRetryRequest. @module */
import { assert, Effect } from "../deps.ts";
import { type Connection, Names, SessionTickets } from "../../mod.ts";
import { accept, client, connect, exchange, talk } from "./ends.ts";
import { sClient, sServer } from "./openssl.ts";
import { temporary, withPeer } from "./peers.ts";
import { only13 } from "./tls13.ts";

const { NamedGroup: G } = Names;

/** How a connection began. */
const beginning = (connection: Connection) =>
  Effect.map(
    connection.negotiated,
    (n) => `${n.resumed ? "resumed" : "full"}${n.helloRetried ? " retried" : ""}`,
  );

/** The tickets of our server: sealed, or names in the store, which are gone when they have been shown. */
const kinds = [
  { what: "sealed tickets, which are good until they expire", again: "resumed" },
  { what: "tickets from the store, which are good once", again: "full" },
] as const;

for (const { what, again } of kinds) {
  for (const group of [G.x25519, G.secp256r1]) {
    const retried = group === G.x25519 ? "" : " retried";
    withPeer(
      "openssl",
      `our server with ${what}: s_client resumes${retried ? " after a HelloRetryRequest" : ""}`,
      Effect.gen(function* () {
        const listening = accept("p256", { policy: only13({ groups: [group] }) });
        const { next, port } = yield* again === "resumed"
          ? Effect.provide(listening, SessionTickets.layerRotating())
          : listening;
        const session = `${yield* temporary}/session.pem`;
        const visit = (...flags: ReadonlyArray<string>) =>
          Effect.gen(function* () {
            const peer = yield* sClient(port, "-tls1_3", "-groups", "X25519:P-256", ...flags);
            const us = yield* next;
            yield* exchange(us, peer, "once");
            const { messages } = yield* peer.trace;
            const began = yield* beginning(us.connection);
            assert.equal(/^Reused, /m.test(peer.output()), began.startsWith("resumed"));
            assert.equal(messages.includes("Certificate"), began.startsWith("full"));
            return began;
          });
        assert.equal(yield* visit("-sess_out", session), `full${retried}`);
        assert.equal(yield* visit("-sess_in", session), `resumed${retried}`);
        assert.equal(yield* visit("-sess_in", session), `${again}${retried}`);
      }),
    );
  }
}

withPeer(
  "openssl",
  "our server: a ticket of another server does not resume, and s_client gets a full handshake",
  Effect.gen(function* () {
    const session = `${yield* temporary}/session.pem`;
    const visit = (flag: string) =>
      Effect.gen(function* () {
        const { next, port } = yield* Effect.provide(
          accept("p256", { policy: only13() }),
          SessionTickets.layerRotating(),
        );
        const peer = yield* sClient(port, "-tls1_3", flag, session);
        const us = yield* next;
        yield* exchange(us, peer, "once");
        return yield* beginning(us.connection);
      });
    assert.equal(yield* visit("-sess_out"), "full");
    assert.equal(yield* visit("-sess_in"), "full");
  }),
);

/** The identities of PSKs in our ClientHellos, as an observer sees them. */
const identities = (seen: Array<string>) => (event: unknown) => {
  const { direction, message } = event as {
    direction: string;
    message?: { _tag: string; extensions?: ReadonlyArray<{ _tag: string; identities?: unknown }> };
  };
  if (direction !== "sent" || message?._tag !== "ClientHello") return;
  const offered = message.extensions?.find(({ _tag }) => _tag === "pre_shared_key")?.identities;
  for (const { identity } of (offered ?? []) as ReadonlyArray<{ identity: Uint8Array }>) {
    seen.push(identity.toHex());
  }
};

/** What s_server may be told about its tickets, and how our connections to it then begin, one after the other. */
const servers = [
  { what: "sealed tickets", flags: [], begin: ["full", "resumed", "resumed"] },
  { what: "tickets from its memory", flags: ["-no_ticket"], begin: ["full", "resumed", "resumed"] },
  { what: "one ticket", flags: ["-num_tickets", "1"], begin: ["full", "resumed", "resumed"] },
  { what: "no tickets", flags: ["-num_tickets", "0"], begin: ["full", "full", "full"] },
  {
    what: "a group of its own",
    flags: ["-groups", "P-256"],
    begin: ["full retried", "resumed retried", "resumed retried"],
  },
  {
    what: "a suite of SHA-384",
    flags: ["-ciphersuites", "TLS_AES_256_GCM_SHA384"],
    begin: ["full", "resumed", "resumed"],
  },
];

for (const { what, flags, begin } of servers) {
  withPeer(
    "openssl",
    `our client and s_server with ${what}: ${begin.join(", ")}, and it shows no ticket twice`,
    Effect.gen(function* () {
      const { peer, port } = yield* sServer("-tls1_3", "-naccept", "3", ...flags);
      const shown: Array<string> = [];
      // P-256 is no share of ours, so that a server with that group alone must ask for it.
      const policy = only13({ groups: [G.x25519, G.secp256r1] });
      const seen = yield* Effect.forEach(begin, (_, i) =>
        Effect.scoped(Effect.gen(function* () {
          const us = yield* talk(yield* connect(port, { policy, observe: identities(shown) }));
          yield* exchange(us, peer, `connection ${i}`);
          yield* us.connection.close;
          return yield* beginning(us.connection);
        })));
      assert.deepEqual(seen, begin);
      // The second ClientHello after a HelloRetryRequest shows the ticket of the first.
      const times = begin[1]!.endsWith("retried") ? 2 : 1;
      const resumptions = begin.filter((how) => how.startsWith("resumed")).length;
      assert.equal(shown.length, resumptions * times);
      assert.equal(new Set(shown).size, resumptions);
    }).pipe(Effect.provide(client())),
  );
}

withPeer(
  "openssl",
  "our client: the two tickets of s_server resume two connections that take no other ones, and the next is full",
  Effect.gen(function* () {
    const { peer, port } = yield* sServer("-tls1_3", "-rev", "-naccept", "4");
    const visit = (reads: boolean) =>
      Effect.scoped(Effect.gen(function* () {
        const connection = yield* connect(port, { policy: only13() });
        if (reads) yield* connection.write(new TextEncoder().encode("stressed\n"));
        if (reads) assert.equal(new TextDecoder().decode(yield* connection.read), "desserts\n");
        return yield* beginning(connection);
      }));
    assert.equal(yield* visit(true), "full");
    assert.deepEqual([yield* visit(false), yield* visit(false), yield* visit(false)], [
      "resumed",
      "resumed",
      "full",
    ]);
    yield* peer.endInput;
  }).pipe(Effect.provide(client())),
);
