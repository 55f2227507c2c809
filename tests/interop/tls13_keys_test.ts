/** Keys of TLS 1.3 as OpenSSL has them: KeyUpdate from either end, exporters, the key log; and which version is spoken. @module */
import { assert, Effect } from "../deps.ts";
import { KeyLog, Names, Policy, SessionTickets } from "../../mod.ts";
import { accept, client, connect, exchange, type Talk, talk } from "./ends.ts";
import { type OpenSsl, sClient, sServer } from "./openssl.ts";
import { temporary, withPeer } from "./peers.ts";
import { agrees, only13, suites13, withClient, withServer } from "./tls13.ts";
import { modern12 } from "../support/policies.ts";
import { toHex } from "../../src/wire/bytes.ts";

const { CipherSuite, ProtocolVersion: V } = Names;

// ---- KeyUpdate (RFC 8446 §4.6.3) ----

/** Data under new keys each time, whichever end changes them, and whether it asks the other to follow. */
const updating = (us: Talk, peer: OpenSsl, told: string) =>
  Effect.gen(function* () {
    const theirs = (command: "k" | "K", times: number) =>
      Effect.zipRight(peer.say(`${command}\n`), peer.until(new RegExp(`(${told}[^]*){${times}}`)));
    yield* exchange(us, peer, "under the first keys");
    yield* theirs("k", 1);
    yield* exchange(us, peer, "after theirs");
    yield* theirs("K", 2);
    // Theirs first, so that the request has come before we change keys ourselves: one change would do for both.
    yield* exchange(us, peer, "after both that they wanted", "theirs");
    yield* us.connection.updateKeys();
    yield* exchange(us, peer, "after ours");
    yield* us.connection.updateKeys({ request: true });
    yield* exchange(us, peer, "after both that we wanted");
    yield* us.connection.close;
    const { messages, alerts } = yield* peer.trace;
    assert.equal(messages.filter((name) => name === "KeyUpdate").length, 6);
    assert.deepEqual(alerts.filter((alert) => alert.startsWith("fatal")), []);
  });

for (const suite of suites13) {
  const name = CipherSuite.nameOf(suite);
  const policy = only13({ cipherSuites: [suite] });
  withPeer(
    "openssl",
    `our server and s_client change their keys, and each other's: ${name}`,
    Effect.flatMap(
      withClient(["-ciphersuites", name], { policy }),
      ({ peer, us }) => updating(us, peer, "KEYUPDATE"),
    ),
  );
  withPeer(
    "openssl",
    `our client and s_server change their keys, and each other's: ${name}`,
    Effect.flatMap(
      withServer(["-ciphersuites", name], { policy }),
      ({ peer, us }) => updating(us, peer, "SSL_do_handshake -> 1"),
    ).pipe(Effect.provide(client())),
  );
}

// ---- exporters and the key log (RFC 8446 §7.5, RFC 9850) ----

const exporting = ["-keymatexport", "EXPORTER-effect-tls", "-keymatexportlen", "40"];

const exportsTheSame = (us: Talk, peer: OpenSsl) =>
  Effect.gen(function* () {
    yield* exchange(us, peer, "once");
    const [, theirs] = yield* peer.until(/Keying material: (\w+)/);
    const ours = yield* us.connection.exportKeyingMaterial("EXPORTER-effect-tls", 40);
    assert.equal(toHex(ours), theirs!.toLowerCase());
  });

withPeer(
  "openssl",
  "our server and s_client export the same keys in TLS 1.3",
  Effect.flatMap(withClient(exporting), ({ peer, us }) => exportsTheSame(us, peer)),
);

withPeer(
  "openssl",
  "our client and s_server export the same keys in TLS 1.3",
  Effect.flatMap(withServer(exporting), ({ peer, us }) => exportsTheSame(us, peer)).pipe(
    Effect.provide(client()),
  ),
);

const keeping = (lines: Array<string>) => KeyLog.layerTo((line) => Effect.sync(() => void lines.push(line)));

/** The lines of OpenSSL's log of one connection, in an order that does not depend on who wrote them. */
const logged = (file: string) =>
  Effect.map(
    Effect.promise(() => Deno.readTextFile(file)),
    (text) => text.split("\n").filter((line) => /^[A-Z]/.test(line)).toSorted(),
  );

withPeer(
  "openssl",
  "our server's key log is that of s_client, line by line, in a full handshake and a resumed one of TLS 1.3",
  Effect.gen(function* () {
    const folder = yield* temporary;
    const lines: Array<string> = [];
    const { next, port } = yield* accept("p256", { policy: only13() }).pipe(
      Effect.provide(keeping(lines)),
      Effect.provide(SessionTickets.layerRotating()),
    );
    for (const [name, flag] of [["full", "-sess_out"], ["resumed", "-sess_in"]] as const) {
      lines.length = 0;
      const file = `${folder}/${name}.log`;
      const peer = yield* sClient(port, "-tls1_3", "-keylogfile", file, flag, `${folder}/session`);
      const us = yield* next;
      yield* exchange(us, peer, "once");
      yield* agrees(us.connection, { resumed: name === "resumed" });
      yield* peer.trace;
      assert.deepEqual(lines.toSorted(), yield* logged(file));
      assert.equal(lines.length, 5);
    }
  }),
);

withPeer(
  "openssl",
  "our client's key log is that of s_server, line by line, in a full handshake and a resumed one of TLS 1.3",
  Effect.gen(function* () {
    const file = `${yield* temporary}/keys.log`;
    const lines: Array<string> = [];
    const { peer, port } = yield* sServer("-tls1_3", "-naccept", "2", "-keylogfile", file);
    for (const resumed of [false, true]) {
      const connected = Effect.flatMap(connect(port, { policy: only13() }), talk);
      const us = yield* Effect.provide(connected, keeping(lines));
      yield* exchange(us, peer, resumed ? "resumed" : "full");
      yield* agrees(us.connection, { resumed });
      yield* us.connection.close;
    }
    yield* peer.trace;
    assert.equal(lines.length, 10);
    assert.deepEqual(lines.toSorted(), yield* logged(file));
  }).pipe(Effect.provide(client())),
);

// ---- versions ----

/** OpenSSL by what it may speak, and what is then spoken. */
const speakers = [
  ["-tls1_2", V.TLS_1_2],
  ["-tls1_3", V.TLS_1_3],
  ["-no_ssl3", V.TLS_1_3],
  ["-no_tls1_3", V.TLS_1_2],
] as const;

for (const name of ["modern", "compatible", "legacy"] as const) {
  const policy = Policy[name];
  withPeer(
    "openssl",
    `our server under ${name} speaks TLS 1.3 to s_client that has it, and TLS 1.2 to one that has not`,
    Effect.gen(function* () {
      const { next, port } = yield* accept("rsa", { policy });
      for (const [flag, version] of speakers) {
        const peer = yield* sClient(port, flag);
        const us = yield* next;
        yield* exchange(us, peer, flag);
        assert.equal((yield* us.connection.negotiated).version, version, flag);
      }
    }),
  );
  withPeer(
    "openssl",
    `our client under ${name} speaks TLS 1.3 to s_server that has it, and TLS 1.2 to one that has not`,
    Effect.gen(function* () {
      for (const [flag, version] of speakers) {
        const { peer, port } = yield* sServer(flag);
        const us = yield* talk(yield* connect(port, { policy }));
        yield* exchange(us, peer, flag);
        assert.equal((yield* us.connection.negotiated).version, version, flag);
      }
    }).pipe(Effect.provide(client())),
  );
}

withPeer(
  "openssl",
  "our client of TLS 1.3 alone and s_server of TLS 1.2, and the other way round: protocol_version",
  Effect.gen(function* () {
    for (const [flag, policy] of [["-tls1_2", only13()], ["-tls1_3", modern12]] as const) {
      const { port } = yield* sServer(flag);
      const refused = yield* Effect.flip(connect(port, { policy }));
      assert.equal(refused.message, "the peer sent the fatal alert protocol_version", flag);
    }
  }).pipe(Effect.provide(client())),
);

withPeer(
  "openssl",
  "our server of TLS 1.3 alone and s_client of TLS 1.2, and the other way round: protocol_version",
  Effect.gen(function* () {
    for (const [flag, policy] of [["-tls1_2", only13()], ["-tls1_3", modern12]] as const) {
      const { port } = yield* accept("rsa", { policy });
      const peer = yield* sClient(port, flag);
      yield* peer.until(/SSL alert number 70/);
    }
  }),
);
