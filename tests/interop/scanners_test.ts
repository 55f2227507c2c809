/** Our server, judged by the programs that judge servers: sslscan and testssl.sh. @module */
import { assert, Effect } from "../deps.ts";
import { Names, Policy } from "../../mod.ts";
import { suites } from "../../src/tables/suites.ts";
import { suites13 } from "../../src/tables/suites13.ts";
import { keys } from "./openssl.ts";
import { certificates, start, temporary, withPeer } from "./peers.ts";
import * as Programs from "./programs.ts";

const { CipherSuite, ProtocolVersion: V } = Names;

const serve = (policy: string) =>
  Programs.server(
    ...["--policy", policy, "--reply", "page", "--alpn", "http/1.1"],
    ...["--cert", `${certificates}/rsa.pem`, "--key", `${certificates}/rsa.key`],
  );

/** Versions by the names that sslscan has for them; of SSL 3.0 its OpenSSL lists no suites. */
const listed = { "TLSv1.0": V.TLS_1_0, "TLSv1.1": V.TLS_1_1, "TLSv1.2": V.TLS_1_2, "TLSv1.3": V.TLS_1_3 };

/** The suites of a policy that a certificate of RSA serves in a version. */
const expected = (policy: Policy.Policy, version: Names.ProtocolVersion): ReadonlyArray<string> =>
  !policy.versions.includes(version) ? [] : policy.cipherSuites.filter((id) => {
    if (version === V.TLS_1_3) return suites13.has(id);
    const suite = suites.get(id);
    return suite?.authentication === "rsa" && suite.since <= version;
  }).map((id) => CipherSuite.nameOf(id));

for (const name of ["modern", "compatible", "legacy"] as const) {
  withPeer(
    "sslscan",
    `sslscan finds the versions and cipher suites of the policy ${name}, and no others`,
    Effect.gen(function* () {
      const { port } = yield* serve(name);
      const peer = yield* start("sslscan", ["--no-colour", "--show-cipher-ids", `127.0.0.1:${port}`]);
      assert.equal(yield* peer.ended, 0, peer.output());
      const output = peer.output();
      const policy = Policy[name];
      for (
        const [version, number] of Object.entries({ SSLv3: V.SSL_3_0, ...listed })
      ) {
        const spoken = policy.versions.some((v) => v === number);
        assert.match(output, new RegExp(`^${version} +${spoken ? "enabled" : "disabled"}$`, "m"));
      }
      assert.match(output, /^SSLv2 +disabled$/m);
      assert.match(output, /Server supports TLS Fallback SCSV/);
      assert.match(
        output,
        policy.renegotiation === "allow"
          ? /^Secure session renegotiation supported$/m
          : /^Session renegotiation not supported$/m,
      );
      assert.match(output, /^TLSv1\.2 not vulnerable to heartbleed$/m);
      assert.doesNotMatch(output, /(?<!not )vulnerable to heartbleed/);
      for (const [version, number] of Object.entries(listed)) {
        const accepted = Array.from(
          output.matchAll(
            new RegExp(`^(?:Accepted|Preferred) +${version.replace(".", "\\.")} .* 0x(\\w{4}) `, "gm"),
          ),
          ([, id]) => CipherSuite.nameOf(CipherSuite.of(parseInt(id!, 16))),
        );
        assert.deepEqual(accepted.toSorted(), expected(policy, number).toSorted(), version);
      }
    }),
  );
}

/** What testssl.sh must say of a server that speaks all we have; what is weak is weak by the policy's name. */
const verdicts = {
  SSLv2: "not offered",
  SSLv3: "offered",
  TLS1: "offered (deprecated)",
  TLS1_1: "offered (deprecated)",
  TLS1_2: "offered",
  TLS1_3: "offered with final",
  ALPN: "http/1.1",
  heartbleed: "not vulnerable, no heartbeat extension",
  CCS: "not vulnerable",
  ticketbleed: "not vulnerable",
  ROBOT: "not vulnerable",
  secure_renego: "supported",
  CRIME_TLS: "VULNERABLE",
  fallback_SCSV: "supported",
  FREAK: "not vulnerable",
  DROWN: "not vulnerable on this host and port",
};

withPeer(
  "testssl",
  "testssl.sh finds the versions of the policy legacy, and none of the bugs that it knows in them",
  Effect.gen(function* () {
    const { port } = yield* serve("legacy");
    const file = `${yield* temporary}/verdicts.json`;
    const peer = yield* start("testssl", [
      ...["--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--jsonfile", file],
      ...["--protocols", "--heartbleed", "--ccs-injection", "--ticketbleed", "--robot", "--renegotiation"],
      ...["--crime", "--tls-fallback", "--freak", "--drown", `127.0.0.1:${port}`],
    ]);
    yield* peer.ended;
    const found = JSON.parse(yield* Effect.promise(() => Deno.readTextFile(file))) as ReadonlyArray<
      { readonly id: string; readonly finding: string }
    >;
    const said = Object.fromEntries(found.map(({ id, finding }) => [id, finding]));
    assert.deepEqual(Object.fromEntries(Object.keys(verdicts).map((id) => [id, said[id]])), verdicts);
  }),
  "5 minutes",
);

withPeer(
  "openssl",
  "many at once, and one after another: each gets its page, and a close_notify for its own",
  Effect.gen(function* () {
    const { port } = yield* serve("legacy");
    const get = Effect.scoped(Effect.gen(function* () {
      const peer = yield* start("openssl", [
        ...["s_client", "-connect", `127.0.0.1:${port}`, "-alpn", "http/1.1", "-ign_eof", "-msg"],
        ...keys("client-rsa"),
      ]);
      yield* peer.say("GET / HTTP/1.0\r\n\r\n");
      assert.equal(yield* peer.ended, 0, peer.output());
      assert.match(peer.output(), /HTTP\/1\.[01] 200 OK/);
      assert.match(peer.output(), /^<<< TLS 1\.3, Alert \[length 0002\], warning close_notify$/m);
    }));
    yield* Effect.all(Array.from({ length: 16 }, () => get), { concurrency: "unbounded", discard: true });
    yield* Effect.all(Array.from({ length: 8 }, () => get), { discard: true });
  }),
);
