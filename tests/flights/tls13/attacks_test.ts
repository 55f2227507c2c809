/** What somebody who wants to break a connection of TLS 1.3 tries: early data, late certificates, second hellos, odd services. @module */
import { assert, Context, Deferred, Effect, Either, Fiber, TestClock } from "../../deps.ts";
import * as Client from "../../../src/client.ts";
import { explain } from "../../../src/faults/explain.ts";
import { alertOf } from "../../../src/faults/meaning.ts";
import { serviceOf } from "../../../src/layers/pre_shared_keys/service.ts";
import { ClientHello, findExtension, HelloRetryRequest } from "../../../src/messages/mod.ts";
import { NamedGroup } from "../../../src/names/named_group.ts";
import {
  CertificateCompressionAlgorithm,
  ContentType,
  PskKeyExchangeMode,
} from "../../../src/names/protocol.ts";
import { CertificateCompression, zlib } from "../../../src/ports/certificate_compression.ts";
import { Credentials } from "../../../src/ports/credentials.ts";
import { Crypto } from "../../../src/ports/crypto.ts";
import type { ConnectionEvent } from "../../../src/ports/observer.ts";
import { PreSharedKeys } from "../../../src/ports/pre_shared_keys.ts";
import { SessionStore } from "../../../src/ports/sessions.ts";
import { SessionTickets, type SessionTicketsService } from "../../../src/ports/tickets.ts";
import * as Server from "../../../src/server.ts";
import { limits } from "../../../src/tables/limits.ts";
import { modern } from "../../../src/tables/policy.ts";
import { ascii, type Bytes, concat } from "../../../src/wire/bytes.ts";
import { effect, failsWith, live, sync, untilWaiting, withoutLogs } from "../../support/effect.ts";
import {
  bothHandshake,
  build,
  type Built,
  pingPong,
  readText,
  recordsOf,
  type Setup,
  taped,
} from "../../support/handshake.ts";
import { acquainted, asking, meet, seenOf, toy } from "../../support/meeting13.ts";
import { changedHandshake, changing } from "../../support/other_ends.ts";
import { bothUnder, modern12, modern13 } from "../../support/policies.ts";
import { bytesOf } from "../../support/text.ts";

// ---- early data ----

const question = asking(ascii("what time is it?"), 100);

for (const when of ["after the failure", "meanwhile"] as const) {
  sync(
    `confirmed fails where the client's Finished is wrong, asked ${when}`,
    Effect.gen(function* () {
      const built = yield* acquainted(question);
      let flights = 0;
      // EndOfEarlyData is as it was; what follows is not.
      const tamper = (from: string, bytes: Bytes): Bytes => {
        if (from !== "client" || flights++ === 0) return bytes;
        return concat(
          ...recordsOf(bytes).map((record, i) => {
            const changed = record.slice();
            if (i > 0) changed[changed.length - 1]! ^= 1;
            return changed;
          }),
        );
      };
      const streams = yield* taped(tamper);
      yield* Effect.forkScoped(Effect.provide(
        Effect.either(
          Client.over(streams.client, {
            sessionKey: "localhost",
            serverName: "localhost",
            ...question.client,
          }),
        ),
        built.client,
      ));
      const server = yield* Effect.provide(Server.over(streams.server, question.server), built.server);
      assert.equal((yield* server.readWithEpoch)?.early, true);
      const reading = yield* Effect.fork(Effect.either(server.read));
      if (when === "after the failure") yield* Fiber.join(reading);
      const confirmed = yield* Effect.either(server.confirmed);
      assert.equal(Either.isLeft(confirmed) && confirmed.left._tag, "BadRecordMac");
      assert.ok(Either.isLeft(yield* Fiber.join(reading)));
    }),
  );
}

sync(
  "early data is counted without its padding (RFC 8446 §4.2.10)",
  Effect.gen(function* () {
    const setup = asking(ascii("sixteen bytes!!!"), 100, { ...modern13, recordPadding: 16_384 });
    const { client, server } = yield* meet(yield* acquainted(setup), setup);
    assert.equal((yield* client.negotiated).earlyData, true);
    assert.equal(yield* readText(server, 16), "sixteen bytes!!!");
    yield* server.confirmed;
  }),
);

sync(
  "early data is not held to the server's record_size_limit, which the client does not know yet",
  Effect.gen(function* () {
    const limited = { ...modern13, recordSizeLimit: 512 };
    const setup = asking(new Uint8Array(2_000), 4_096, { ...modern13, recordSizeLimit: 4_096 }, limited);
    const { client, server } = yield* meet(yield* acquainted(setup), setup);
    assert.equal((yield* client.negotiated).earlyData, true);
    assert.equal((yield* server.read)?.length, 2_000);
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

for (
  const [what, policy] of [
    ["because the session is gone", modern13],
    ["because of a HelloRetryRequest", { ...modern13, groups: [NamedGroup.secp384r1] }],
  ] as const
) {
  sync(
    `as much early data as a ticket allows is passed over, ${what}`,
    Effect.gen(function* () {
      const setup = asking(new Uint8Array(60_000), 65_536);
      const built = yield* acquainted(setup);
      const { client, server } = yield* meet(
        // Another store: no ticket is known there.
        { ...built, server: (yield* build({ toy: true, seed: "other" })).server },
        { ...setup, server: { policy, earlyData: 65_536 } },
      );
      assert.equal((yield* client.negotiated).earlyData, false);
      assert.equal(yield* pingPong(client, server), "ping pong");
    }),
  );
}

sync(
  "a server that accepts less than it said in the ticket accepts nothing, and the client may go on",
  Effect.gen(function* () {
    const built = yield* acquainted(question);
    const { client, server } = yield* meet(built, {
      ...question,
      server: { policy: modern13, earlyData: 10 },
    });
    assert.equal((yield* client.negotiated).earlyData, false);
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

sync(
  "a store that cannot take gives no early data, though the session was made to allow it",
  Effect.gen(function* () {
    const built = yield* acquainted(question);
    const { take: _, ...store } = Context.get(built.server, SessionStore);
    const without = { ...built, server: Context.add(built.server, SessionStore, store) };
    const { client } = yield* meet(without, question);
    const { earlyData, resumed } = yield* client.negotiated;
    assert.deepEqual([earlyData, resumed], [false, true]);
  }),
);

sync(
  "a server that answers early data with an older version is refused, and the client is told what to do (RFC 8446 §D.3)",
  Effect.gen(function* () {
    const built = yield* acquainted({ ...question, client: { ...question.client, policy: modern } });
    const ends = yield* bothHandshake(built, {
      ...question,
      client: { ...question.client, policy: modern },
      server: { policy: modern12 },
    });
    const error = yield* failsWith(ends.client, "Refused");
    assert.deepEqual([error.reason, alertOf(error)], ["early_data_before_tls13", "protocol_version"]);
    assert.match(explain(error).hint ?? "", /without earlyData/);
  }),
);

sync(
  "whoever sends early data gets the next ticket with the server's first flight, and it is good (RFC 8446 §4.6.1)",
  Effect.gen(function* () {
    const built = yield* acquainted(question);
    for (let i = 0; i < 3; i++) {
      const sent: Array<string> = [];
      const observe = (e: ConnectionEvent) => {
        if (e._tag === "message") sent.push(`${e.direction} ${e.message._tag}`);
      };
      const { client, server } = yield* meet(built, {
        ...question,
        server: { ...question.server, observe },
      });
      assert.equal((yield* client.negotiated).earlyData, true);
      yield* server.confirmed;
      assert.equal(yield* readText(server, 16), "what time is it?");
      assert.equal(yield* pingPong(client, server), "ping pong");
      const [ticket, end] = ["sent NewSessionTicket", "received EndOfEarlyData"].map((m) => sent.indexOf(m));
      assert.ok(ticket! >= 0 && ticket! < end!, sent.join());
    }
  }),
);

// ---- second hellos ----

const retrying: Setup = {
  toy: true,
  client: { policy: modern13 },
  server: { policy: { ...modern13, groups: [NamedGroup.secp384r1] } },
};

sync(
  "a second ClientHello that would use its key otherwise is an illegal_parameter, and no defect",
  Effect.gen(function* () {
    const built = yield* acquainted({ ...question, ...bothUnder(modern13) });
    const { server } = yield* changedHandshake(built, retrying, {
      client: changing(ClientHello, (hello, count) => ({
        ...hello,
        extensions: hello.extensions?.map((e) =>
          count === 1 && e._tag === "psk_key_exchange_modes"
            ? { ...e, keModes: [PskKeyExchangeMode.psk_ke] }
            : e
        ),
      })),
    });
    yield* failsWith(server, "IllegalParameter");
  }),
);

for (const keys of [false, true]) {
  sync(
    `a cookie that leaves no room for a ClientHello${keys ? " with a key" : ""} is the server's fault`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true });
      const psks = serviceOf([{ identity: ascii("device"), key: new Uint8Array(32) }]);
      const client = keys ? Context.add(built.client, PreSharedKeys, psks) : built.client;
      const cookie = new Uint8Array(65_400);
      const { client: failed } = yield* changedHandshake({ ...built, client }, retrying, {
        server: changing(HelloRetryRequest, (request) => ({
          ...request,
          extensions: [...request.extensions, { _tag: "cookie", cookie } as const],
        })),
      });
      const { subject, field } = yield* failsWith(failed, "IllegalParameter");
      assert.deepEqual([subject, field], ["HelloRetryRequest", "extensions.cookie"]);
    }),
  );
}

sync(
  "pre-shared keys that no hello has room for are an EncodeError, and no defect",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const long = (first: number) => concat(Uint8Array.of(first), new Uint8Array(40_000));
    const psks = serviceOf([1, 2].map((n) => ({ identity: long(n), key: new Uint8Array(32) })));
    const client = Context.add(built.client, PreSharedKeys, psks);
    const ends = yield* bothHandshake({ ...built, client }, bothUnder(modern13));
    yield* failsWith(ends.client, "EncodeError");
  }),
);

sync(
  "what follows a HelloRetryRequest in its record is refused before a second ClientHello is sent",
  Effect.gen(function* () {
    const sent: Array<ClientHello> = [];
    const observe = (e: ConnectionEvent) => {
      if (e._tag === "message" && e.message instanceof ClientHello) sent.push(e.message);
    };
    const built = yield* build({ toy: true });
    const tamper = (from: string, bytes: Bytes): Bytes => {
      const [first, ...more] = recordsOf(bytes);
      if (from !== "server" || first?.[0] !== ContentType.handshake) return bytes;
      const longer = concat(first, Uint8Array.of(2));
      longer[4]! += 1;
      return concat(longer, ...more);
    };
    const ends = yield* bothHandshake(built, {
      ...retrying,
      tamper,
      client: { ...retrying.client, observe },
    });
    const { expected } = yield* failsWith(ends.client, "UnexpectedMessage");
    assert.deepEqual([expected, sent.length], [["the end of the flight"], 1]);
  }),
);

// ---- groups ----

live(
  "a server that prefers a group with a KEM asks a client for it that has it, and sent another share",
  Effect.gen(function* () {
    const { X25519MLKEM768, secp256r1, x25519 } = NamedGroup;
    const agreed = (client: ReadonlyArray<NamedGroup>, server: ReadonlyArray<NamedGroup>) =>
      Effect.gen(function* () {
        const met = yield* meet(yield* build(), {
          client: { policy: { ...modern13, groups: client } },
          server: { policy: { ...modern13, groups: server } },
        });
        const { group, helloRetried } = yield* met.client.negotiated;
        return [group, helloRetried];
      });
    assert.deepEqual(yield* agreed([x25519, X25519MLKEM768], [X25519MLKEM768, x25519]), [
      X25519MLKEM768,
      true,
    ]);
    assert.deepEqual(yield* agreed([x25519, X25519MLKEM768], [x25519, X25519MLKEM768]), [x25519, false]);
    assert.deepEqual(yield* agreed([x25519, secp256r1], [secp256r1, x25519]), [x25519, false]);
  }),
);

sync(
  "a group that the cryptography has not is neither asked for nor taken, by either end",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const crypto = Context.get(built.server, Crypto);
    const groups = crypto.groups.filter((group) => group !== NamedGroup.secp384r1);
    const server = Context.add(built.server, Crypto, { ...crypto, groups });
    const policy = { ...modern13, groups: [NamedGroup.secp384r1, NamedGroup.secp521r1] };
    const met = yield* meet({ ...built, server }, { toy: true, client: { policy }, server: { policy } });
    assert.equal((yield* met.client.negotiated).group, NamedGroup.secp521r1);
    const client = Context.add(built.client, Crypto, { ...Context.get(built.client, Crypto), groups });
    const { client: failed } = yield* changedHandshake({ ...built, client }, {
      ...retrying,
      client: { policy: { ...modern13, groups: [NamedGroup.x25519, ...policy.groups] } },
      server: { policy: { ...modern13, groups: [NamedGroup.secp521r1] } },
    }, {
      server: changing(HelloRetryRequest, (request) => ({
        ...request,
        extensions: request.extensions.map((e) =>
          e._tag === "key_share" ? { ...e, selectedGroup: NamedGroup.secp384r1 } : e
        ),
      })),
    });
    assert.equal((yield* failsWith(failed, "IllegalParameter")).field, "extensions.key_share");
  }),
);

sync(
  "a client without groups sends neither list nor shares, and uses its key alone",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const psks = serviceOf([{ identity: ascii("device"), key: new Uint8Array(32) }]);
    const policy = { ...modern13, groups: [], pskKeyExchangeModes: [PskKeyExchangeMode.psk_ke] };
    const { client, seen } = yield* meet({
      client: Context.add(built.client, PreSharedKeys, psks),
      server: Context.add(built.server, PreSharedKeys, psks),
    }, toy(policy));
    assert.equal((yield* client.negotiated).psk, "external");
    const [hello] = seenOf(ClientHello, seen);
    assert.equal(findExtension(hello?.extensions, "key_share"), undefined);
    assert.equal(findExtension(hello?.extensions, "supported_groups"), undefined);
  }),
);

// ---- certificates that are asked for later ----

const certified = toy(modern13, { clientKind: "p256" });

/** Ends that have talked, and whose client's signatures wait for a gate. */
const signing = (gate: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const built = yield* build(certified);
    const credentials = Context.get(built.client, Credentials);
    const slow = Context.add(built.client, Credentials, {
      partition: credentials.partition,
      candidates: (request) =>
        Effect.map(
          credentials.candidates(request),
          (all) => all.map((one) => ({ ...one, sign: (...of) => Effect.zipRight(gate, one.sign(...of)) })),
        ),
    });
    const ends = yield* meet({ ...built, client: slow }, certified);
    assert.equal(yield* pingPong(ends.client, ends.server), "ping pong");
    return { ...ends, store: Context.get(built.client, SessionStore) };
  });

for (const what of ["writes", "changes its keys"] as const) {
  sync(
    `a client that ${what} while it signs shows its certificate in one piece`,
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>();
      const { client, server } = yield* signing(Deferred.await(gate));
      const asked = yield* Effect.fork(server.requestClientCertificate());
      const reading = yield* Effect.fork(readText(client, 1));
      yield* untilWaiting(asked, reading);
      yield* what === "writes" ? client.write(bytesOf("meanwhile")) : client.updateKeys();
      yield* Deferred.succeed(gate, undefined);
      yield* Fiber.join(asked);
      assert.equal((yield* server.peerCertificates).length, 1);
      if (what === "writes") assert.equal(yield* readText(server, 9), "meanwhile");
      yield* server.write(bytesOf("."));
      yield* Fiber.join(reading);
      assert.equal(yield* pingPong(client, server), "ping pong");
    }),
  );
}

sync(
  "a client that has said close_notify while it signs says nothing after it",
  Effect.gen(function* () {
    const gate = yield* Deferred.make<void>();
    const { client, server } = yield* signing(Deferred.await(gate));
    const asked = yield* Effect.fork(Effect.either(server.requestClientCertificate()));
    const reading = yield* Effect.fork(readText(client, 1));
    yield* untilWaiting(asked, reading);
    yield* client.closeWrite;
    yield* Deferred.succeed(gate, undefined);
    assert.ok(Either.isLeft(yield* Fiber.join(asked)));
    assert.equal(yield* server.read, undefined);
    yield* server.write(bytesOf("."));
    assert.equal(yield* Fiber.join(reading), ".");
  }),
);

effect(
  "a signer that hangs when it is asked later has the deadline of a handshake",
  Effect.gen(function* () {
    const { client, server } = yield* signing(Effect.never);
    const asked = yield* Effect.fork(Effect.either(server.requestClientCertificate()));
    const reading = yield* Effect.fork(Effect.either(client.read));
    yield* untilWaiting(asked, reading);
    yield* TestClock.adjust(limits.handshakeTimeout);
    const read = yield* Fiber.join(reading);
    assert.equal(Either.isLeft(read) && read.left._tag, "HandshakeTimeout");
    assert.ok(Either.isLeft(yield* Fiber.join(asked)));
  }),
);

for (const clientAuth of ["require", "request"] as const) {
  effect(
    `whoever asks again (${clientAuth}) before a late answer has come gets that one first`,
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>();
      const { client, server } = yield* signing(Deferred.await(gate));
      const reading = yield* Effect.fork(readText(client, 1));
      const first = yield* Effect.fork(Effect.either(server.requestClientCertificate("require")));
      yield* untilWaiting(first, reading);
      yield* TestClock.adjust(limits.renegotiationWait);
      const late = yield* Fiber.join(first);
      assert.equal(Either.isLeft(late) && late.left._tag, "RenegotiationRefused");
      const second = yield* Effect.fork(server.requestClientCertificate(clientAuth));
      yield* untilWaiting(second);
      yield* Deferred.succeed(gate, undefined);
      yield* Fiber.join(second);
      assert.equal((yield* server.peerCertificates).length, 1);
      yield* server.write(bytesOf("."));
      yield* Fiber.join(reading);
      assert.equal(yield* pingPong(client, server), "ping pong");
    }),
  );
}

sync(
  "a server that asks for a certificate again and again is a LimitExceeded",
  Effect.gen(function* () {
    const { client, server } = yield* signing(Effect.void);
    const reading = yield* Effect.fork(Effect.either(readText(client, 100)));
    for (let i = 0; i < limits.renegotiations; i++) {
      yield* server.requestClientCertificate();
      yield* server.write(bytesOf("."));
    }
    yield* Effect.either(server.requestClientCertificate());
    const end = yield* Fiber.join(reading);
    assert.equal(Either.isLeft(end) && end.left._tag === "LimitExceeded" && end.left.limit, "renegotiations");
  }),
);

// ---- services of one's own ----

const odd: ReadonlyArray<readonly [string, SessionTicketsService]> = [
  ["throw", {
    lifetime: 100,
    seal: () => {
      throw new Error("broken");
    },
    open: () => {
      throw new Error("broken");
    },
  }],
  ["die", { lifetime: 100, seal: () => Effect.dieMessage("no"), open: () => Effect.dieMessage("no") }],
  ["give what is none", {
    lifetime: 100,
    seal: () => Effect.succeed(7 as never),
    open: () => Effect.succeed("x" as never),
  }],
  ["give more than a message has room for", {
    lifetime: 100,
    seal: () => Effect.succeed(new Uint8Array(2 ** 16)),
    open: () => Effect.succeedNone,
  }],
];
for (const [what, tickets] of odd) {
  sync(
    `tickets that ${what}: the connection goes on without`,
    withoutLogs(Effect.gen(function* () {
      const built = yield* build({ toy: true });
      const ends = { ...built, server: Context.add(built.server, SessionTickets, tickets) };
      for (let i = 0; i < 2; i++) {
        const { client, server } = yield* meet(ends, toy(modern13));
        assert.equal(yield* pingPong(client, server), "ping pong");
        assert.equal((yield* client.negotiated).resumed, false);
      }
    })),
  );
}

sync(
  "an algorithm that throws compresses nothing, and the chain goes as it is",
  withoutLogs(Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const broken = (): never => {
      throw new Error("broken");
    };
    const algorithm = CertificateCompressionAlgorithm.brotli;
    const algorithms = [{ algorithm, compress: broken, decompress: broken }];
    const policy = { ...modern13, certificateCompression: [algorithm] };
    const { client, server } = yield* meet({
      client: Context.add(built.client, CertificateCompression, algorithms),
      server: Context.add(built.server, CertificateCompression, algorithms),
    }, toy(policy));
    assert.equal(yield* pingPong(client, server), "ping pong");
  })),
);

/** What comes of an effect that waits for so many milliseconds, and no longer. */
const waiting = <A, E, R>(milliseconds: number, of: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const met = yield* Effect.fork(of);
    yield* untilWaiting(met);
    yield* TestClock.adjust(milliseconds - 1);
    assert.equal(met.unsafePoll(), null, "it waits until its deadline");
    yield* TestClock.adjust(1);
    yield* untilWaiting(met);
    return yield* yield* Effect.fromNullable(met.unsafePoll());
  });

effect(
  "tickets that hang, when they are sealed or opened, have the deadline of limits.storeWait; the connection goes on without",
  withoutLogs(Effect.gen(function* () {
    const built = yield* build({ toy: true, tickets: true });
    const good = Context.get(built.server, SessionTickets)!;
    const talks = (tickets: SessionTicketsService) =>
      Effect.gen(function* () {
        const ends = { ...built, server: Context.add(built.server, SessionTickets, tickets) };
        const { client, server } = yield* meet(ends, toy(modern13));
        assert.equal(yield* pingPong(client, server), "ping pong");
        return (yield* client.negotiated).resumed;
      });
    assert.equal(yield* talks(good), false);
    assert.equal(yield* talks(good), true);
    const { storeWait } = limits;
    assert.equal(yield* waiting(storeWait, talks({ ...good, open: () => Effect.never })), false);
    // One ticket after a resumption.
    assert.equal(yield* waiting(storeWait, talks({ ...good, seal: () => Effect.never })), true);
  })),
);

for (const [what, role] of [["compresses", "server"], ["decompresses", "client"]] as const) {
  effect(
    `an algorithm that hangs when it ${what} has the deadline of limits.storeWait: ${
      role === "server" ? "the chain goes as it is" : "CertificateDecompressionFailure"
    }`,
    withoutLogs(Effect.gen(function* () {
      const built = yield* build({ toy: true });
      const hangs = { compress: () => Effect.never, decompress: () => Effect.never };
      const algorithms = [{ ...zlib, ...(role === "server" ? { compress: hangs.compress } : hangs) }];
      const policy = { ...modern13, certificateCompression: [zlib.algorithm] };
      const ends = yield* waiting(
        limits.storeWait,
        bothHandshake(
          {
            ...built,
            [role]: Context.add(built[role] as Built["server"], CertificateCompression, algorithms),
          },
          toy(policy),
        ),
      );
      if (role === "client") yield* failsWith(ends.client, "CertificateDecompressionFailure");
      else assert.equal(yield* pingPong(yield* ends.client, yield* ends.server), "ping pong");
    })),
  );
}

sync(
  "a key whose members throw is no key, in either role",
  withoutLogs(Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const thrower = {
      identity: ascii("x"),
      get key(): Bytes {
        throw new Error("no");
      },
    };
    const service = {
      choose: () => Effect.succeed([thrower]),
      lookup: () => Effect.succeedSome(thrower),
    };
    const { client } = yield* meet({
      client: Context.add(built.client, PreSharedKeys, service),
      server: Context.add(built.server, PreSharedKeys, service),
    }, toy(modern13));
    assert.equal((yield* client.negotiated).psk, undefined);
  })),
);
