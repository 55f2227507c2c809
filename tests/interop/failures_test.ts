/** Handshakes with OpenSSL that must fail: the error at our end, the alert at its end. @module */
import { assert, Effect, type Scope } from "../deps.ts";
import { ascii } from "../../src/wire/bytes.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { type IssueOptions, makeCa } from "../support/ca.ts";
import { bytesOf } from "../support/text.ts";
import { certificates, freePort, start, temporary, withPeer } from "./peers.ts";
import * as Programs from "./programs.ts";

const root = `${certificates}/root.pem`;

/** A program of OpenSSL that serves with a certificate, and what our client makes of it. */
const meet = (serve: ReadonlyArray<string>, connect: ReadonlyArray<string>, cert = `${certificates}/p256`) =>
  Effect.gen(function* () {
    const port = yield* freePort;
    const peer = yield* start("openssl", [
      ...[
        "s_server",
        "-accept",
        `127.0.0.1:${port}`,
        "-cert",
        `${cert}.pem`,
        "-key",
        `${cert}.key`,
        ...serve,
      ],
    ]);
    yield* peer.until(/ACCEPT/);
    const began = performance.now();
    const { code, events, output } = yield* Programs.client(`127.0.0.1:${port}`, "--json", ...connect);
    const error = events.find((e) => e.event === "error");
    return {
      code,
      events,
      output,
      tag: error?._tag,
      reason: error?.reason,
      error,
      peer,
      took: performance.now() - began,
    };
  });

/** A certificate of a CA of its own, in files: `leaf.pem`, `leaf.key`, `root.pem`. */
const issued = (options: IssueOptions, ofRoot: IssueOptions = {}) =>
  Effect.gen(function* () {
    const folder = yield* temporary;
    const ca = makeCa(ofRoot);
    const leaf = ca.issue(options);
    yield* Effect.promise(() =>
      Promise.all([
        Deno.writeTextFile(`${folder}/root.pem`, ca.certificatePem),
        Deno.writeTextFile(`${folder}/leaf.pem`, leaf.chainPem),
        Deno.writeTextFile(`${folder}/leaf.key`, leaf.privateKeyPem),
      ])
    );
    return folder;
  });

const usual = ["--ca", root, "--servername", "localhost"];
const seconds = (n: number) => Math.floor(Date.now() / 1000) + n;

interface Prepared {
  readonly serve?: ReadonlyArray<string>;
  readonly connect: ReadonlyArray<string>;
  readonly cert?: string;
}
type Row = readonly [
  what: string,
  prepare: Effect.Effect<Prepared, never, Scope.Scope>,
  error: string,
  alertNumber: number | undefined,
];

/** Meets a certificate under a root that it trusts. */
const trusting = (leaf: IssueOptions, root: IssueOptions = {}, name = "localhost") =>
  Effect.map(issued(leaf, root), (folder) => ({
    connect: ["--ca", `${folder}/root.pem`, "--servername", name],
    cert: `${folder}/leaf`,
  }));
const valid = (notBefore: number, notAfter: number) =>
  trusting({ notBefore: seconds(notBefore), notAfter: seconds(notAfter) });

/** Meets a certificate that signed itself, and trusts the system's roots alone. */
const selfSigned = Effect.gen(function* () {
  const folder = yield* temporary;
  const own = makeCa({ subject: "localhost", names: ["localhost"], keyUsage: ["digitalSignature"] });
  yield* Effect.promise(() =>
    Promise.all([
      Deno.writeTextFile(`${folder}/leaf.pem`, own.certificatePem),
      Deno.writeTextFile(`${folder}/leaf.key`, own.privateKeyPem),
    ])
  );
  return { connect: ["--servername", "localhost"], cert: `${folder}/leaf` };
});

const otherNames = Build.extension(
  oids.nameConstraints,
  Der.sequence(Der.explicit(0, Der.sequence(Der.context(2, ascii("example.com"))))),
  true,
);

/** What our client meets, the error it ends in, and the alert that OpenSSL sees of it. */
const rows: ReadonlyArray<Row> = [
  [
    "a certificate of a root that it does not trust",
    Effect.map(issued({}), (f) => ({ connect: ["--ca", `${f}/root.pem`, "--servername", "localhost"] })),
    "CertificateError unknown_ca",
    48,
  ],
  [
    "a certificate for another name",
    Effect.succeed({ connect: ["--ca", root, "--servername", "example.org"] }),
    "CertificateError name_mismatch",
    42,
  ],
  ["a certificate for another address", trusting({}, {}, "127.0.0.2"), "CertificateError name_mismatch", 42],
  ["a certificate that signed itself, by the system's roots", selfSigned, "CertificateError unknown_ca", 48],
  [
    "a certificate for clients alone",
    trusting({ extendedKeyUsage: [oids.clientAuth] }),
    "CertificateError wrong_usage",
    43,
  ],
  [
    "an authority's certificate as a server's own",
    trusting({ ca: true, keyUsage: ["digitalSignature", "keyCertSign"] }),
    "CertificateError ca_as_leaf",
    43,
  ],
  [
    "a certificate with names that its root may not give",
    trusting({ names: ["localhost"] }, { extensions: [otherNames] }),
    "CertificateError name_not_permitted",
    42,
  ],
  ["an expired certificate", valid(-7200, -3600), "CertificateError expired", 45],
  ["a certificate that is not valid yet", valid(3600, 7200), "CertificateError not_yet_valid", 45],
  [
    "no cipher suite in common",
    Effect.succeed({ serve: ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA"], connect: usual }),
    "PeerAlert undefined",
    undefined,
  ],
  [
    "no version in common",
    Effect.succeed({ serve: ["-tls1_3"], connect: [...usual, "--versions", "tls1.2"] }),
    "PeerAlert undefined",
    undefined,
  ],
  [
    "no application protocol in common",
    Effect.succeed({ serve: ["-tls1_2", "-alpn", "h2"], connect: [...usual, "--alpn", "spdy/3"] }),
    "PeerAlert undefined",
    undefined,
  ],
];
for (const [what, prepare, expected, number] of rows) {
  // What a certificate is refused for is the same in both versions; the other rows say which one they are about.
  for (const version of number === undefined ? ["-tls1_2"] : ["-tls1_2", "-tls1_3"]) {
    withPeer(
      "openssl",
      `our client meets ${what}: ${expected}, exit 1, s_server ${version}`,
      Effect.gen(function* () {
        const { serve = [version], connect, cert } = yield* prepare;
        const { code, tag, reason, peer, took, output } = yield* meet(serve, connect, cert);
        assert.equal(`${tag} ${reason}`, expected, output);
        assert.equal(code, 1);
        assert.ok(took < 8000, `${took} ms`);
        if (number !== undefined) yield* peer.until(new RegExp(`SSL alert number ${number}\\b`));
      }),
    );
  }
}

withPeer(
  "openssl",
  "our client meets a certificate that signed itself, named by --ca: a connection",
  Effect.gen(function* () {
    const { cert } = yield* selfSigned;
    const { code, events, output } = yield* meet(
      ["-tls1_2"],
      ["--ca", `${cert}.pem`, ...usual.slice(2)],
      cert,
    );
    assert.equal(code, 0, output);
    assert.ok(events.some((e) => e.event === "established"));
  }),
);

withPeer(
  "openssl",
  "our client offers no group that s_server has: handshake_failure",
  Effect.gen(function* () {
    const { code, tag, error } = yield* meet(["-tls1_2", "-groups", "P-521"], [
      ...usual,
      "--groups",
      "x25519,secp256r1",
    ]);
    assert.equal(`${code} ${tag}`, "1 PeerAlert");
    assert.match(String(error?.message), /handshake_failure/);
  }),
);

/** Servers that are too old for the default policy, and the first policy that reaches each. */
const tooOld: ReadonlyArray<readonly [string, ReadonlyArray<string>, string]> = [
  ["speaks TLS 1.0 alone", ["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "compatible"],
  ["has CBC suites alone", ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA:@SECLEVEL=0"], "compatible"],
  ["has RSA key transport alone", ["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"], "compatible"],
  [
    "has a prime of 1024 bits",
    ["-tls1_2", "-cipher", "DHE-RSA-AES128-SHA:@SECLEVEL=0", "-dhparam"],
    "legacy",
  ],
];
for (const [what, serve, policy] of tooOld) {
  withPeer(
    "openssl",
    `a server of OpenSSL that ${what} is reached by the policies that the hint names, in their order: by ${policy}`,
    Effect.gen(function* () {
      const primes = `${yield* temporary}/dh.pem`;
      const dhparam = serve.includes("-dhparam");
      if (dhparam) yield* (yield* start("openssl", ["dhparam", "-out", primes, "1024"])).ended;
      const by = (name: string) =>
        meet([...serve, ...(dhparam ? [primes] : [])], [...usual, "--policy", name], `${certificates}/rsa`);
      const { code, error } = yield* by("modern");
      assert.equal(code, 1);
      const named = [...String(error?.hint).matchAll(/--policy (\w+)/g)].map(([, name]) => name!);
      assert.deepEqual(named, ["compatible", "legacy"]);
      const codes = yield* Effect.forEach(named, (name) => Effect.map(by(name), ({ code }) => code));
      assert.equal(named[codes.indexOf(0)], policy);
    }),
  );
}

withPeer(
  "openssl",
  "a server of OpenSSL that speaks TLS 1.3 alone: the hint says that it was not offered",
  Effect.gen(function* () {
    const { error } = yield* meet(["-tls1_3"], [...usual, "--versions", "tls1.2"]);
    assert.match(String(error?.hint), /TLS 1\.3, if that was not offered/);
  }),
);

/** What our server says to a client of OpenSSL that will not do. */
const refusals: ReadonlyArray<readonly [string, ReadonlyArray<string>, string, number]> = [
  ["a version below ours", ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "Refused: no common version", 70],
  [
    "no suite of ours",
    ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA"],
    "Refused: no common cipher suite",
    40,
  ],
  ["no group of ours", ["-tls1_2", "-groups", "brainpoolP256r1"], "Refused: no common cipher suite", 40],
  [
    "SHA-1 alone",
    ["-tls1_2", "-sigalgs", "ECDSA+SHA1", "-cipher", "ALL:@SECLEVEL=0"],
    "Refused: no common cipher suite",
    40,
  ],
];
for (const [what, args, told, number] of refusals) {
  withPeer(
    "openssl",
    `our server meets s_client with ${what}: ${told}`,
    Effect.gen(function* () {
      const { port, peer: server } = yield* Programs.server(
        ...["--cert", `${certificates}/p256.pem`, "--key", `${certificates}/p256.key`],
      );
      const peer = yield* start("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, ...args]);
      yield* peer.until(new RegExp(`SSL alert number ${number}\\b`));
      assert.equal(yield* peer.ended, 1);
      yield* server.until(new RegExp(told));
    }),
  );
}

// ---- no TLS at all ----

/** A listener that answers the first bytes with these, and then does as told. */
const answering = (answer: Uint8Array | undefined) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const open: Array<Deno.Conn> = [];
        const heard: Array<Uint8Array> = [];
        const serving = (async () => {
          for await (const conn of listener) {
            open.push(conn);
            const into = new Uint8Array(4096);
            const n = await conn.read(into);
            if (answer) await conn.write(answer);
            else conn.closeWrite();
            if (n) heard.push(into.slice(0, n));
            // Until the client closes: a socket that it leaked would hang here, and the test with it.
            for (let m = await conn.read(into); m; m = await conn.read(into)) heard.push(into.slice(0, m));
          }
        })();
        return { listener, open, heard, serving };
      }),
      ({ listener, open, serving }) =>
        Effect.promise(async () => {
          listener.close();
          open.forEach((conn) => conn.close());
          await serving.catch(() => {});
        }),
    ),
    ({ listener, heard }) => ({ port: listener.addr.port, heard }),
  );

const strangers: ReadonlyArray<readonly [string, Uint8Array | undefined, string, number | undefined]> = [
  ["plain HTTP", bytesOf("HTTP/1.1 400 Bad Request\r\n\r\n"), "NotTls", 10],
  ["a greeting of SMTP", bytesOf("220 mail.example ESMTP\r\n"), "NotTls", 10],
  ["garbage", Uint8Array.from({ length: 64 }, (_, i) => i * 37 + 200), "NotTls", 10],
  ["a stream that ends", undefined, "Truncated", undefined],
];
for (const [what, answer, expected, alert] of strangers) {
  withPeer(
    "sh",
    `our client meets ${what}: ${expected}, exit 1, and its socket is closed`,
    Effect.gen(function* () {
      const { port, heard } = yield* answering(answer);
      const { code, events, output } = yield* Programs.client(`127.0.0.1:${port}`, "--insecure", "--json");
      assert.equal(code, 1);
      assert.equal(events.find((e) => e.event === "error")?._tag, expected, output);
      yield* Effect.sleep("50 millis");
      const last = heard.at(-1)!;
      if (alert === undefined) assert.equal(heard.length, 1);
      else assert.deepEqual([...last], [21, 3, 1, 0, 2, 2, alert]);
    }),
  );
}

withPeer(
  "sh",
  "our client meets silence: HandshakeTimeout after 30 seconds, exit 1, and its socket is closed",
  Effect.gen(function* () {
    const { port, heard } = yield* answering(new Uint8Array(0));
    const { code, events } = yield* Programs.client(`127.0.0.1:${port}`, "--insecure", "--json");
    assert.equal(code, 1);
    assert.equal(events.find((e) => e.event === "error")?._tag, "HandshakeTimeout");
    yield* Effect.sleep("50 millis");
    assert.deepEqual([...heard.at(-1)!], [21, 3, 1, 0, 2, 1, 90, 21, 3, 1, 0, 2, 1, 0]);
  }),
);

withPeer(
  "curl",
  "our server meets curl that speaks plain HTTP: NotTls, and it serves the next",
  Effect.gen(function* () {
    const { port, peer: server } = yield* Programs.server("--reply", "page");
    const plain = yield* start("curl", ["-sS", "--max-time", "5", `http://127.0.0.1:${port}/`]);
    assert.notEqual(yield* plain.ended, 0);
    yield* server.until(/NotTls: the peer does not speak TLS here: its first bytes look like HTTP/);
    const proper = yield* start("curl", [
      "-sS",
      "--insecure",
      "--tls-max",
      "1.2",
      `https://127.0.0.1:${port}/`,
    ]);
    assert.equal(yield* proper.ended, 0, proper.output());
  }),
);

withPeer(
  "sh",
  "our client meets a port that nobody listens on: TransportError, exit 1, told on stderr",
  Effect.gen(function* () {
    const port = yield* freePort;
    const { code, output } = yield* Programs.client(`127.0.0.1:${port}`);
    assert.equal(code, 1);
    assert.match(
      output,
      /^127\.0\.0\.1 port \d+: TransportError: open \S+: .*\n {2}hint {3}is the name right, and is anything listening there\?/m,
    );
  }),
);
