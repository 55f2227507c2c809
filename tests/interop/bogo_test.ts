/**
 * The shim for BoringSSL's test suite, run by OpenSSL where BoringSSL's runner is not: what it does with plain flags.
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import { keys } from "./openssl.ts";
import { certificates, freePort, repository, start, withPeer } from "./peers.ts";

const shim = (...args: ReadonlyArray<string>) =>
  start(`${repository}tests/bogo/shim`, args, { cwd: repository });

const key = (kind: string) => [
  ...["-key-file", `${certificates}/${kind}.key`, "-cert-file", `${certificates}/${kind}.pem`],
];

/** Runs the shim to its end; it must say nothing where all is well. */
const ran = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const peer = yield* shim(...args);
    yield* peer.endInput;
    const code = yield* peer.ended;
    return { code, complaints: peer.complaints(), output: peer.output() };
  });
const well = (result: { readonly code: number; readonly complaints: string }) =>
  assert.deepEqual([result.code, result.complaints], [0, ""]);

/** s_server that answers each connection with a line and then ends it. */
const sServer = (...more: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const port = yield* freePort;
    const peer = yield* start("openssl", [
      ...["s_server", "-accept", `${port}`, "-cipher", "ALL:@SECLEVEL=0", ...keys("rsa"), ...more],
    ]);
    yield* peer.until(/ACCEPT/);
    return { peer, port };
  });

/**
 * Where the shim connects to and a client of OpenSSL does: what comes from the one goes to the other, but for the
 * identity that the shim begins with.
 */
const relay = Effect.acquireRelease(
  Effect.sync(() => {
    const listen = () => Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const [shim, client] = [listen(), listen()] as const;
    const identity = new Uint8Array(8);
    const join = async () => {
      const [a, b] = await Promise.all([shim.accept(), client.accept()]);
      await a.read(identity);
      const pipe = (from: Deno.Conn, to: Deno.Conn) => from.readable.pipeTo(to.writable);
      // Either end may go first.
      await Promise.allSettled([pipe(a, b), pipe(b, a)]);
    };
    return { shim, client, identity, joined: join() };
  }),
  ({ shim, client, joined }) =>
    Effect.promise(() => {
      shim.close();
      client.close();
      return joined;
    }),
).pipe(
  Effect.map(({ shim, client, identity }) => ({ shim: shim.addr.port, client: client.addr.port, identity })),
);

withPeer(
  "openssl",
  "a flag that is not known is 89; a handshaker is not there",
  Effect.gen(function* () {
    assert.equal((yield* ran("-port", "1", "-no-such-flag")).code, 89);
    const said = yield* ran("-is-handshaker-supported");
    assert.deepEqual([said.code, said.output.trim(), said.complaints], [0, "No", ""]);
  }),
);

withPeer(
  "openssl",
  "the shim as a client says hello first, and resumes when it is to connect again",
  Effect.gen(function* () {
    const { port, peer } = yield* sServer("-no_tls1_3", "-naccept", "2");
    well(
      yield* ran(
        ...["-port", `${port}`, "-resume-count", "1", "-shim-writes-first", "-shim-shuts-down"],
        ...["-expect-version", "771", "-expect-extended-master-secret", "-expect-secure-renegotiation"],
      ),
    );
    assert.equal(yield* peer.ended, 0, peer.output());
    assert.equal(peer.output().match(/^hello/gm)?.length, 2, peer.output());
  }),
);

withPeer(
  "openssl",
  "the shim as a client holds versions, groups, ALPN and names to what flags expect",
  Effect.gen(function* () {
    const { port } = yield* sServer(
      "-no_tls1_3",
      "-naccept",
      "3",
      "-rev",
      "-alpn",
      "b,a",
      "-groups",
      "P-384",
    );
    const base = ["-port", `${port}`, "-shim-shuts-down", "-host-name", "localhost"];
    const alpn = ["-advertise-alpn", "\x01a\x01b"];
    well(yield* ran(...base, ...alpn, "-expect-alpn", "b", "-expect-curve-id", "24"));
    const other = yield* ran(...base, ...alpn, "-expect-alpn", "a");
    assert.deepEqual([other.code, other.complaints], [1, "Unexpected: expect-alpn: got b, expected a\n"]);
    well(yield* ran(...base, "-max-version", "770", "-expect-version", "770", "-expect-no-alpn"));
  }),
);

withPeer(
  "openssl",
  "the shim as a client says no where flags say so, with the alert that goes with them",
  Effect.gen(function* () {
    const { port, peer } = yield* sServer("-no_tls1_3", "-naccept", "1", "-msg");
    const no = yield* ran(
      ...["-port", `${port}`, "-verify-peer", "-verify-fail", "-use-custom-verify-callback"],
    );
    assert.deepEqual([no.code, no.complaints.split("\n")[0]], [
      1,
      "CertificateError: certificate 0: the chain is refused",
    ]);
    yield* peer.until(/certificate unknown|certificate_unknown/);
  }),
);

withPeer(
  "openssl",
  "the shim as a server, which connects too, gives each byte back inverted and sees the client's certificate",
  Effect.gen(function* () {
    const { shim: port, client, identity } = yield* relay;
    const peer = yield* shim(
      ...[
        "-server",
        "-port",
        `${port}`,
        "-shim-id",
        "258",
        ...key("p256"),
        "-require-any-client-certificate",
      ],
      ...["-expect-peer-cert-file", `${certificates}/client-rsa.pem`, "-expect-server-name", "localhost"],
    );
    const openssl = ["s_client", "-quiet", "-no_ign_eof", "-servername", "localhost", ...keys("client-rsa")];
    const said = yield* start("sh", [
      "-c",
      `(printf abc; sleep 5) | openssl ${
        openssl.join(" ")
      } -connect 127.0.0.1:${client} 2>/dev/null | od -An -tx1`,
    ]);
    yield* said.ended;
    assert.match(said.output(), /^ 9e 9d 9c$/m);
    assert.deepEqual([yield* peer.ended, peer.complaints()], [0, ""]);
    assert.deepEqual(Array.from(identity), [2, 1, 0, 0, 0, 0, 0, 0]);
  }),
);
