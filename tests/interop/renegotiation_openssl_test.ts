/** Renegotiation with OpenSSL: who asks, who refuses, and the data before, between and after. @module */
import { assert, Effect } from "../deps.ts";
import {
  type Connection,
  type ConnectionEvent,
  type Errors,
  Names,
  type Policy,
  SessionTickets,
} from "../../mod.ts";
import * as Golden from "../golden/certificates.ts";
import { accept, client, connect, exchange, renewed, shown, type Talk, talk } from "./ends.ts";
import { only, suiteOf } from "./old.ts";
import { keys, oldestAndNewest, type OpenSsl, root, sClient, sServer } from "./openssl.ts";
import { withPeer } from "./peers.ts";
import * as Programs from "./programs.ts";

type Changes = Parameters<Connection["renegotiateWith"]>[0];

const full = /^ClientHello ServerHello Certificate .*ClientKeyExchange .*Finished.* Finished$/;
const resumed = /^ClientHello ServerHello Finished Finished$/;

/** Ends OpenSSL and holds what it has met against the handshakes that there should have been. */
const met = (peer: OpenSsl, ...expected: ReadonlyArray<RegExp>) =>
  Effect.map(peer.trace, (trace) => {
    // A ticket is no part of the question here.
    const found = trace.handshakes.map((h) => h.filter((name) => name !== "NewSessionTicket").join(" "));
    assert.equal(found.length, expected.length, found.join("\n"));
    expected.forEach((names, i) => assert.match(found[i]!, names));
    return trace;
  });

/** The fatal alert that a connection ended with. */
const alertOf = (error: Errors.TlsError | undefined): string | undefined =>
  error?._tag === "PeerAlert" ? Names.AlertDescription.nameOf(error.description) : error?._tag;

/** The alerts of a connection, as an observer hears of them. */
const alerts = () => {
  const heard: Array<string> = [];
  const observe = (event: ConnectionEvent): void => {
    if (event._tag !== "alert") return;
    const { level, description } = event;
    heard.push(
      `${event.direction} ${Names.AlertLevel.nameOf(level)} ${Names.AlertDescription.nameOf(description)}`,
    );
  };
  return { heard, observe };
};

for (const { name, id, openssl } of oldestAndNewest) {
  const policy = only(id);
  const refusing = (renegotiation: Policy.RenegotiationPolicy) => ({ ...policy, renegotiation });
  const other = suiteOf("TLS_RSA_WITH_AES_256_CBC_SHA");

  /** We ask four times, with lines of both ends in flight each time. */
  const askedAgainAndAgain = (us: Talk, peer: OpenSsl) =>
    Effect.gen(function* () {
      yield* exchange(us, peer, "before");
      const first = (yield* us.connection.negotiated).cipherSuite;
      const steps: ReadonlyArray<readonly [string, Changes, Names.CipherSuite, boolean]> = [
        ["again", {}, first, false],
        ["resumed", { resume: true }, first, true],
        ["other", { policy: { ...policy, cipherSuites: [other] } }, other, false],
        ["back", {}, first, false],
      ];
      for (const [word, changes, suite, resumed] of steps) {
        yield* peer.say(`theirs crossing ${word}\n`);
        const both = [us.connection.renegotiateWith(changes), us.tell(`ours crossing ${word}`)];
        const now = yield* renewed(us, Effect.all(both, { concurrency: "unbounded" }));
        assert.deepEqual([now.cipherSuite, now.resumed], [suite, resumed], word);
        yield* us.hear(`theirs crossing ${word}`);
        yield* exchange(us, peer, word);
      }
      const words = steps.flatMap(([word]) => [`crossing ${word}`, word]);
      assert.deepEqual(shown(peer), ["before", ...words]);
      const trace = yield* met(peer, full, full, resumed, full, full);
      const suites = [first, ...steps.map(([, , suite]) => suite)].map(Names.CipherSuite.nameOf);
      assert.deepEqual(trace.suites, suites);
    });

  // ---- our server ----

  withPeer(
    "openssl",
    `our server, ${name}: R typed into s_client makes another handshake, twice, and every line arrives`,
    Effect.gen(function* () {
      const server = yield* accept("rsa", { policy });
      const peer = yield* sClient(server.port, openssl);
      const us = yield* server.next;
      yield* exchange(us, peer, "before");
      for (const [i, word] of ["between", "after"].entries()) {
        const again = Effect.gen(function* () {
          yield* peer.say("R\n");
          yield* peer.until(new RegExp(`(RENEGOTIATING[^]*){${i + 1}}`));
          // While it waits for our hello, s_client takes no data of ours.
          yield* exchange(us, peer, word, "theirs");
        });
        assert.equal((yield* renewed(us, again)).resumed, false);
      }
      assert.deepEqual(shown(peer), ["before", "between", "after"]);
      yield* met(peer, full, full, full);
    }),
  );

  withPeer(
    "openssl",
    `our server, ${name}: where policy refuses, s_client that asks is told so, and ends the connection itself`,
    Effect.gen(function* () {
      const { heard, observe } = alerts();
      const server = yield* accept("rsa", { policy: refusing("refuse"), observe: () => observe });
      const peer = yield* sClient(server.port, openssl);
      const us = yield* server.next;
      yield* exchange(us, peer, "before");
      yield* peer.say("R\n");
      assert.equal(alertOf(yield* us.end), "handshake_failure");
      assert.deepEqual(heard, ["sent warning no_renegotiation", "received fatal handshake_failure"]);
      assert.deepEqual((yield* peer.trace).alerts, ["warning no renegotiation", "fatal handshake failure"]);
      assert.match(peer.output(), /SSL routines:ssl3_read_bytes:no renegotiation/);
    }),
  );

  withPeer(
    "openssl",
    `our server, ${name}: where policy closes, s_client that asks meets a fatal alert`,
    Effect.gen(function* () {
      const server = yield* accept("rsa", { policy: refusing("close") });
      const peer = yield* sClient(server.port, openssl);
      const us = yield* server.next;
      yield* exchange(us, peer, "before");
      yield* peer.say("R\n");
      const end = yield* us.end;
      assert.equal(end?._tag === "Refused" && end.reason, "renegotiation_closed");
      assert.equal(yield* peer.ended, 1);
      assert.match(peer.output(), /alert no renegotiation.*SSL alert number 100/);
    }),
  );

  withPeer(
    "openssl",
    `our server, ${name}: where policy ignores, s_client that asks waits, and hears what we say meanwhile`,
    Effect.gen(function* () {
      const { heard, observe } = alerts();
      const server = yield* accept("rsa", { policy: refusing("ignore"), observe: () => observe });
      const peer = yield* sClient(server.port, openssl, "-nbio");
      const us = yield* server.next;
      yield* exchange(us, peer, "before");
      const before = yield* us.connection.negotiated;
      const blocked = Array.from(peer.output().matchAll(/write R BLOCK\n/g)).length;
      yield* peer.say("R\n");
      // It has said its hello, and waits.
      yield* peer.until(new RegExp(`(write R BLOCK\n[^]*){${blocked + 1}}`));
      for (const word of ["meanwhile", "still"]) {
        yield* us.tell(`ours ${word}`);
        yield* peer.until(new RegExp(`ours ${word}\n`));
      }
      assert.equal(yield* us.connection.negotiated, before);
      assert.deepEqual(heard, []);
    }),
  );

  withPeer(
    "openssl",
    `our server, ${name}: it asks s_client four times in a row, for other suites and for new keys alone, amid data`,
    Effect.gen(function* () {
      // So that what is resumed is by ticket.
      const server = yield* Effect.provide(accept("rsa", { policy }), SessionTickets.layerRotating());
      const peer = yield* sClient(server.port, openssl);
      const us = yield* server.next;
      yield* askedAgainAndAgain(us, peer);
    }),
  );

  for (const kind of ["rsa", "p256"] as const) {
    withPeer(
      "openssl",
      `our server, ${name}: it asks s_client for a certificate only after a request, and gets its ${kind} one`,
      Effect.gen(function* () {
        const server = yield* accept("rsa", { policy });
        const peer = yield* sClient(server.port, openssl, ...keys(`client-${kind}`));
        const us = yield* server.next;
        yield* exchange(us, peer, "before");
        assert.deepEqual(yield* us.connection.peerCertificates, []);
        yield* renewed(us, us.connection.renegotiateWith({ clientAuth: "require" }));
        const [leaf] = yield* us.connection.peerCertificates;
        const text = btoa(String.fromCharCode(...leaf!.raw));
        assert.ok(Golden.client(kind).certificate.replaceAll("\n", "").includes(text));
        yield* exchange(us, peer, "after");
        yield* met(peer, /^((?!CertificateRequest).)*$/, /CertificateRequest.*CertificateVerify/);
      }),
    );
  }

  withPeer(
    "openssl",
    `our server, ${name}: s_client without a certificate is admitted where one is asked for, and not where one is required`,
    Effect.gen(function* () {
      const server = yield* accept("rsa", { policy });
      const peer = yield* sClient(server.port, openssl);
      const us = yield* server.next;
      yield* renewed(us, us.connection.renegotiateWith({ clientAuth: "request" }));
      assert.deepEqual(yield* us.connection.peerCertificates, []);
      yield* exchange(us, peer, "admitted");
      const error = yield* Effect.flip(us.connection.renegotiateWith({ clientAuth: "require" }));
      assert.equal(error._tag === "Refused" && error.reason, "no_client_certificate");
      yield* peer.until(/alert handshake failure.*SSL alert number 40/);
      assert.deepEqual(shown(peer), ["admitted"]);
    }),
  );

  withPeer(
    "openssl",
    `our server, ${name}: s_client -no_renegotiation refuses when asked, and the connection goes on`,
    Effect.gen(function* () {
      const { heard, observe } = alerts();
      const server = yield* accept("rsa", { policy, observe: () => observe });
      const peer = yield* sClient(server.port, openssl, "-no_renegotiation");
      const us = yield* server.next;
      const before = yield* us.connection.negotiated;
      for (const word of ["first", "second"]) {
        yield* exchange(us, peer, `before ${word}`);
        const error = yield* Effect.flip(us.connection.renegotiate);
        assert.equal(error._tag === "RenegotiationRefused" && error.by, "peer");
        yield* exchange(us, peer, `after ${word}`);
      }
      assert.equal(yield* us.connection.negotiated, before);
      assert.deepEqual(heard, Array(2).fill("received warning no_renegotiation"));
    }),
  );

  // ---- our client ----

  /** OpenSSL resumes in a renegotiation unless told not to, as servers that ask for a certificate are. */
  const FULL = "-no_resumption_on_reneg";

  for (const [flags, how] of [[[], resumed], [[FULL], full]] as const) {
    withPeer(
      "openssl",
      `our client, ${name}: r typed into s_server ${[...flags, ""].join(" ")}makes another handshake, twice`,
      Effect.gen(function* () {
        const { peer, port } = yield* sServer(openssl, ...flags);
        const us = yield* Effect.flatMap(connect(port, { policy }), talk);
        yield* exchange(us, peer, "before");
        for (const [i, word] of ["between", "after"].entries()) {
          const again = Effect.gen(function* () {
            yield* peer.say("r\n");
            yield* peer.until(new RegExp(`(SSL_do_handshake -> 1[^]*){${i + 1}}`));
            yield* exchange(us, peer, word, "theirs");
          });
          assert.equal((yield* renewed(us, again)).resumed, how === resumed);
        }
        assert.deepEqual(shown(peer), ["before", "between", "after"]);
        yield* met(peer, full, how, how);
      }).pipe(Effect.provide(client())),
    );
  }

  for (const kind of ["rsa", "p256", undefined] as const) {
    withPeer(
      "openssl",
      `our client, ${name}: R typed into s_server asks for a certificate, and ${
        kind ? `gets ours, ${kind}` : "is told that there is none"
      }`,
      Effect.gen(function* () {
        const { peer, port } = yield* sServer(openssl, FULL);
        const us = yield* Effect.flatMap(connect(port, { policy }), talk);
        yield* exchange(us, peer, "before");
        assert.doesNotMatch(peer.output(), /CN = test client/);
        yield* renewed(
          us,
          Effect.gen(function* () {
            yield* peer.say("R\n");
            yield* peer.until(/SSL_do_handshake -> 1/);
            yield* exchange(us, peer, "after", "theirs");
          }),
        );
        yield* met(
          peer,
          full,
          kind ? /CertificateRequest.*CertificateVerify/ : /CertificateRequest.*Certificate /,
        );
        assert.equal(/CN = test client/.test(peer.output()), kind !== undefined);
        assert.deepEqual(shown(peer), ["before", "after"]);
      }).pipe(Effect.provide(client(Golden.root, kind))),
    );
  }

  withPeer(
    "openssl",
    `our client, ${name}: it asks s_server four times in a row, for other suites and for new keys alone, amid data`,
    Effect.gen(function* () {
      const { peer, port } = yield* sServer(openssl, "-client_renegotiation");
      const us = yield* Effect.flatMap(connect(port, { policy }), talk);
      yield* askedAgainAndAgain(us, peer);
    }).pipe(Effect.provide(client())),
  );

  for (const flags of [[], ["-no_renegotiation"]]) {
    withPeer(
      "openssl",
      `our client, ${name}: s_server ${
        [...flags, ""].join(" ")
      }refuses when asked, and the connection goes on`,
      Effect.gen(function* () {
        const { heard, observe } = alerts();
        const { peer, port } = yield* sServer(openssl, ...flags);
        const us = yield* Effect.flatMap(connect(port, { policy, observe }), talk);
        const before = yield* us.connection.negotiated;
        for (const word of ["first", "second"]) {
          yield* exchange(us, peer, `before ${word}`);
          const error = yield* Effect.flip(us.connection.renegotiate);
          assert.equal(error._tag === "RenegotiationRefused" && error.by, "peer");
          yield* exchange(us, peer, `after ${word}`);
        }
        assert.equal(yield* us.connection.negotiated, before);
        assert.deepEqual(heard, Array(2).fill("received warning no_renegotiation"));
      }).pipe(Effect.provide(client())),
    );
  }

  withPeer(
    "openssl",
    `our client, ${name}: where policy refuses or closes, s_server that asks ends; where it ignores, all goes on`,
    Effect.gen(function* () {
      const asked = (renegotiation: Policy.RenegotiationPolicy) =>
        Effect.gen(function* () {
          const { heard, observe } = alerts();
          const { peer, port } = yield* sServer(openssl);
          const us = yield* Effect.flatMap(
            connect(port, { policy: refusing(renegotiation), observe }),
            talk,
          );
          yield* exchange(us, peer, "before");
          yield* peer.say("r\n");
          yield* peer.until(/SSL_do_handshake -> 1/);
          return { heard, peer, us };
        });

      const refused = yield* asked("refuse");
      assert.equal(alertOf(yield* refused.us.end), "handshake_failure");
      yield* refused.peer.until(/SSL routines:ssl3_read_bytes:no renegotiation/);
      assert.deepEqual(refused.heard, ["sent warning no_renegotiation", "received fatal handshake_failure"]);

      const closed = yield* asked("close");
      const end = yield* closed.us.end;
      assert.equal(end?._tag === "Refused" && end.reason, "renegotiation_closed");
      yield* closed.peer.until(/alert no renegotiation.*SSL alert number 100/);

      const ignored = yield* asked("ignore");
      yield* exchange(ignored.us, ignored.peer, "after");
      assert.deepEqual(ignored.heard, []);
    }).pipe(Effect.provide(client())),
  );
}

// ---- the programs ----

withPeer(
  "openssl",
  "our client --renegotiate and s_server: two handshakes, and a line and its answer in each",
  Effect.gen(function* () {
    const { peer, port } = yield* sServer("-tls1_2", "-client_renegotiation", "-naccept", "1");
    const running = yield* Effect.fork(
      Programs.client(`localhost:${port}`, "--ca", root, "--renegotiate", "--send", "ours said", "--json"),
    );
    yield* peer.until(/ours said\n/);
    yield* peer.say("theirs before\n");
    yield* peer.until(/(ours said\n[^]*){2}/);
    yield* peer.say("theirs after\n");
    const { code, events, output } = yield* running;
    assert.equal(code, 0, output);
    const told = events.filter(({ event }) =>
      !["message", "changeCipherSpec", "alert"].includes(String(event))
    );
    assert.deepEqual(told.map(({ event, text }) => text ?? event), [
      "established",
      "theirs before\n",
      "renegotiated",
      "theirs after\n",
      "closed",
    ]);
    yield* met(peer, full, full);
  }),
);

withPeer(
  "openssl",
  "our client --renegotiate and s_server that refuses: the answer to its line, RenegotiationRefused, exit 1",
  Effect.gen(function* () {
    const { peer, port } = yield* sServer("-tls1_2", "-naccept", "1");
    const running = yield* Effect.fork(
      Programs.client(`localhost:${port}`, "--ca", root, "--renegotiate", "--send", "ours said", "--json"),
    );
    yield* peer.until(/ours said\n/);
    yield* peer.say("theirs\n");
    const { code, events } = yield* running;
    assert.equal(code, 1);
    const told = events.filter(({ event }) =>
      ["data", "alert", "renegotiated", "error"].includes(String(event))
    );
    assert.deepEqual(told.map(({ event, text, description, _tag }) => [event, text ?? description ?? _tag]), [
      ["data", "theirs\n"],
      ["alert", "no_renegotiation"],
      ["alert", "internal_error"],
      ["error", "RenegotiationRefused"],
    ]);
    assert.equal((yield* peer.trace).handshakes.length, 2);
  }),
);

withPeer(
  "openssl",
  "our server --renegotiate --renegotiate-client-auth require and s_client: its certificate after its first line",
  Effect.gen(function* () {
    const { peer: server, port } = yield* Programs.server(
      ...["--json", "--reply", "reverse", "--renegotiate", "--renegotiate-client-auth", "require"],
      ...["--client-ca", root, ...keys("rsa").map((flag) => flag.replace(/^-/, "--"))],
    );
    const peer = yield* sClient(port, "-tls1_2", ...keys("client-p256"));
    yield* peer.say("stressed\n");
    yield* peer.until(/desserts\n/);
    yield* peer.say("drawer\n");
    yield* peer.until(/reward\n/);
    yield* met(peer, /^((?!CertificateRequest).)*$/, /CertificateRequest.*CertificateVerify/);
    yield* peer.endInput;
    assert.equal(yield* peer.ended, 0);
    yield* server.until(/"closed"/);
    const told = server.output().trim().split("\n").map((line) => JSON.parse(line)).filter(({ event }) =>
      ["established", "renegotiated", "data", "error"].includes(event)
    );
    assert.deepEqual(
      told.map(({ event, text, peerCertificates }) => text ?? [event, peerCertificates.length]),
      [
        ["established", 0],
        ["renegotiated", 2],
        "stressed\n",
        "drawer\n",
      ],
    );
  }),
);
