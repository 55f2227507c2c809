/** TLS 1.3 on the web: curl, nginx, and rustls in Deno itself, which has X25519MLKEM768 as well. @module */
import { assert, Effect } from "../deps.ts";
import { Names } from "../../mod.ts";
import * as Golden from "../golden/certificates.ts";
import { accept, ask, client, connect } from "./ends.ts";
import { nginx13 } from "./nginx.ts";
import { root } from "./openssl.ts";
import { certificates, start, withPeer } from "./peers.ts";
import * as Programs from "./programs.ts";
import { agrees, only13 } from "./tls13.ts";
import { bytesOf, textOf } from "../support/text.ts";

const { NamedGroup: G } = Names;

const ours = (kind: string) => [
  ...["--cert", `${certificates}/${kind}.pem`, "--key", `${certificates}/${kind}.key`],
];

// ---- curl and nginx ----

for (const kind of ["rsa", "p256", "p384", "p521", "ed25519"]) {
  withPeer(
    "curl",
    `our server and curl over TLS 1.3, ${kind} certificate: its own certificate, P-384 after X25519, and then resumed`,
    Effect.gen(function* () {
      const { port } = yield* Programs.server(
        ...["--reply", "page", "--groups", "secp384r1", ...ours(kind)],
        ...["--client-auth", "require", "--client-ca", root],
      );
      const url = `https://localhost:${port}/`;
      const peer = yield* start("curl", [
        ...[
          "-sS",
          "--cacert",
          root,
          "--tlsv1.3",
          "--curves",
          "X25519:P-384",
          "-v",
          "-H",
          "Connection: close",
        ],
        ...[...ours("client-p256"), url, url],
      ]);
      assert.equal(yield* peer.ended, 0, peer.output());
      assert.equal(peer.output().match(/SSL connection using TLSv1\.3 \/ TLS_/g)?.length, 2);
      assert.equal(peer.output().match(/<dt>group<\/dt><dd>secp384r1<\/dd>/g)?.length, 2);
      const resumed = peer.output().matchAll(/<dt>resumed<\/dt><dd>(\w+)<\/dd>/g);
      assert.deepEqual(Array.from(resumed, ([, answer]) => answer), ["no", "yes"]);
    }),
  );
}

withPeer(
  "nginx",
  "our client and nginx over TLS 1.3 that wants P-384 and a certificate: HTTP, then resumed three times",
  Effect.gen(function* () {
    const { port } = yield* nginx13(
      `${certificates}/rsa`,
      ...["ssl_ecdh_curve secp384r1;", `ssl_client_certificate ${root};`, "ssl_verify_client on;"],
    );
    const { code, output } = yield* Programs.client(
      ...[`localhost:${port}`, "--ca", root, "--http", "/", "--reconnect", "3", ...ours("client-rsa")],
    );
    assert.equal(code, 0, output);
    assert.equal(output.match(/full handshake in/g)?.length, 1);
    assert.equal(output.match(/resumed in/g)?.length, 3);
    assert.equal(output.match(/nginx, TLSv1\.3, TLS_AES_\w+, reused [r.]/g)?.length, 4);
  }),
);

// ---- rustls ----

/** Groups of ours, the one that rustls agrees to, and whether it takes another hello. */
const rows = [
  { offered: [G.X25519MLKEM768], group: G.X25519MLKEM768 },
  { offered: [G.x25519], group: G.x25519 },
  { offered: [G.secp256r1], group: G.secp256r1 },
  { offered: [G.secp384r1], group: G.secp384r1 },
];

/** A server on rustls that reverses lines. */
const rustls = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const { certificate: cert, privateKey: key } = Golden.server("p256");
      const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
      const serve = async (conn: Deno.TlsConn) => {
        const into = new Uint8Array(1024);
        for (let n = await conn.read(into); n; n = await conn.read(into)) {
          const line = [...textOf(into.subarray(0, n)).trim()].reverse().join("");
          await conn.write(bytesOf(`${line}\n`));
        }
        conn.close();
      };
      const running = (async () => {
        const serving: Array<Promise<void>> = [];
        for await (const conn of listener) serving.push(serve(conn));
        await Promise.all(serving);
      })();
      return { listener, running };
    }),
    ({ listener, running }) =>
      Effect.promise(() => {
        listener.close();
        return running;
      }),
  ),
  ({ listener }) => (listener.addr as Deno.NetAddr).port,
);

const visit = (
  port: number,
  groups: ReadonlyArray<Names.NamedGroup>,
  expected: Parameters<typeof agrees>[1],
) =>
  Effect.scoped(Effect.gen(function* () {
    const connection = yield* connect(port, { policy: only13({ groups }) });
    assert.equal(yield* ask(connection, "stressed"), "desserts");
    yield* agrees(connection, expected);
    yield* connection.close;
  }));

for (const { offered, group } of rows) {
  const name = G.nameOf(group);

  withPeer(
    "sh",
    `our client and Deno.listenTls (rustls): ${name}, full and resumed`,
    Effect.gen(function* () {
      const port = yield* rustls;
      yield* visit(port, offered, { group });
      yield* visit(port, offered, { group, resumed: true });
    }).pipe(Effect.provide(client())),
  );

  withPeer(
    "sh",
    `our server and Deno.connectTls (rustls), which shows a certificate and has a share of X25519: ${name}`,
    Effect.gen(function* () {
      const { next, port } = yield* accept("p256", {
        policy: only13({ groups: offered }),
        clientAuth: "require",
      });
      const { certificate: cert, privateKey: key } = Golden.client("p256");
      const conn = yield* Effect.acquireRelease(
        Effect.promise(() =>
          Deno.connectTls({ hostname: "localhost", port, caCerts: [Golden.root], cert, key })
        ),
        (conn) => Effect.sync(() => conn.close()),
      );
      yield* Effect.promise(() => conn.write(bytesOf("stressed\n")));
      const us = yield* next;
      yield* us.hear("stressed");
      yield* us.tell("desserts");
      const into = new Uint8Array(100);
      const n = yield* Effect.promise(() => conn.read(into));
      assert.equal(textOf(into.subarray(0, n!)), "desserts\n");
      yield* agrees(us.connection, { group, retried: group !== G.x25519 });
      assert.equal((yield* us.connection.peerCertificates).length > 0, true);
    }),
  );
}

withPeer(
  "sh",
  "our client and Deno.listenTls (rustls), which has no X448: a HelloRetryRequest for X25519, full and resumed",
  Effect.gen(function* () {
    const port = yield* rustls;
    const groups = [G.x448, G.x25519];
    yield* visit(port, groups, { group: G.x25519, retried: true });
    yield* visit(port, groups, { group: G.x25519, retried: true, resumed: true });
  }).pipe(Effect.provide(client())),
);
