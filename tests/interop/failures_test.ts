import { assert, Effect } from "../deps.ts";
import { certificates, freePort, start, temporary, withPeer } from "./peers.ts";
import * as Programs from "./programs.ts";
import { makeCa } from "../support/ca.ts";
import { type Change, proxy } from "../support/proxy.ts";

const root = `${certificates}/root.pem`;
const golden = (kind: string) => ({
  cert: `${certificates}/${kind}.pem`,
  key: `${certificates}/${kind}.key`,
});
const SECONDS = 10;

/** Ends in time or not at all. */
const soon = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.timeoutFail(effect, { duration: `${SECONDS} seconds`, onTimeout: () => new Error("it hangs") });

/** A way in which a handshake must fail, as the end that speaks our language tells it. */
interface Failure {
  readonly error: string;
  /** What the error says, in part. */
  readonly says: RegExp;
  /** The alert, and whether our end sent or received it. */
  readonly alert: readonly ["sent" | "received", string];
  /** OpenSSL's number of it, where OpenSSL received it. */
  readonly number?: number;
  /** What happens on the way. */
  readonly change?: Change;
}

/** Flips a bit in the last byte of one side's Finished, which is its first record after ChangeCipherSpec. */
const flipFinished = (whose: "client" | "server"): Change => {
  let changed = false;
  return (from, record) => {
    if (from !== whose) return record;
    if (record[0] === 20) changed = true;
    if (!changed || record[0] !== 22) return record;
    return record.map((byte, i) => i === record.length - 1 ? byte ^ 1 : byte);
  };
};

/** Makes a ClientHello offer P-256 where it offered P-384 alone: supported_groups of one member. */
const offerP256: Change = (from, record, index) => {
  if (from !== "client" || index !== 0) return record;
  const at = indexOf(record, [0, 10, 0, 4, 0, 2, 0, 24]);
  return at < 0 ? undefined : record.map((byte, i) => i === at + 7 ? 23 : byte);
};

const indexOf = (bytes: Uint8Array, part: ReadonlyArray<number>): number => {
  for (let at = 0; at + part.length <= bytes.length; at++) {
    if (part.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
};

interface OurClientFails extends Failure {
  readonly client?: ReadonlyArray<string>;
  readonly server?: ReadonlyArray<string>;
}

const ourClient: Readonly<Record<string, OurClientFails>> = {
  "a root that did not sign it": {
    client: ["--ca", `${certificates}/p256.pem`],
    error: "CertificateError",
    says: /leads to a trusted root/,
    alert: ["sent", "unknown_ca"],
    number: 48,
  },
  "a certificate for another name": {
    client: ["--ca", root, "--servername", "other.example"],
    error: "CertificateError",
    says: /other\.example/,
    alert: ["sent", "bad_certificate"],
    number: 42,
  },
  "no common cipher suite": {
    client: ["--ca", root, "--cipher-suites", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
    error: "PeerAlert",
    says: /handshake_failure/,
    alert: ["received", "handshake_failure"],
  },
  "no common version": {
    server: ["-tls1_3"],
    error: "PeerAlert",
    says: /protocol_version/,
    alert: ["received", "protocol_version"],
  },
  "no common group": {
    client: ["--ca", root, "--groups", "x25519"],
    server: ["-tls1_2", "-groups", "P-384"],
    error: "PeerAlert",
    says: /handshake_failure/,
    alert: ["received", "handshake_failure"],
  },
  "a curve that was not offered": {
    client: ["--ca", root, "--groups", "secp384r1"],
    change: offerP256,
    error: "IllegalParameter",
    says: /secp256r1/,
    alert: ["sent", "illegal_parameter"],
    number: 47,
  },
  "the server's Finished flipped on the wire": {
    change: flipFinished("server"),
    error: "BadRecordMac",
    says: /does not decrypt/,
    alert: ["sent", "bad_record_mac"],
    number: 20,
  },
  "our Finished flipped on the wire": {
    change: flipFinished("client"),
    error: "PeerAlert",
    says: /bad_record_mac/,
    alert: ["received", "bad_record_mac"],
  },
};

/** Our client against s_server: how it ends, and what each end said. */
const refuse = (failure: OurClientFails, { cert, key } = golden("rsa")) =>
  Effect.gen(function* () {
    const { client = ["--ca", root], server = ["-tls1_2"], change } = failure;
    const port = yield* freePort;
    const peer = yield* start("openssl", [
      ...["s_server", "-accept", `127.0.0.1:${port}`, "-rev", "-cert", cert, "-key", key, ...server],
    ]);
    yield* peer.until(/ACCEPT/);
    const target = change === undefined ? port : yield* proxy(port, change);
    const { code, output, events } = yield* soon(
      Programs.client(`localhost:${target}`, "--json", "--send", "hello", ...client),
    );
    assert.equal(code, 1, output);
    holds(failure, events);
    // People read it on stderr.
    assert.match(output, new RegExp(`^${failure.error}: `, "m"));
    if (failure.number !== undefined) yield* peer.until(new RegExp(`SSL alert number ${failure.number}\\b`));
  });

const holds = ({ error, says, alert }: Failure, events: ReadonlyArray<Record<string, unknown>>) => {
  const told = events.filter((e) => e["event"] === "error");
  assert.equal(told.length, 1, JSON.stringify(events));
  assert.equal(told[0]!["_tag"], error);
  assert.match(String(told[0]!["message"]), says);
  assert.deepEqual(
    events.filter((e) => e["event"] === "alert").map((e) => [e["direction"], e["description"]]),
    [alert],
  );
  if (alert[0] === "sent") assert.equal(told[0]!["alert"], alert[1]);
};

for (const [name, failure] of Object.entries(ourClient)) {
  withPeer(
    "openssl",
    `our client and s_server: ${name} is ${failure.error}, ${failure.alert.join(" ")}`,
    refuse(failure),
  );
}

withPeer(
  "openssl",
  "our client and s_server: an expired certificate is CertificateError, sent certificate_expired",
  Effect.gen(function* () {
    const folder = yield* temporary;
    const ca = makeCa();
    const leaf = ca.issue({ key: "p256", notAfter: Date.UTC(2021, 0) / 1000 });
    const files = { "ca.pem": ca.certificatePem, "leaf.pem": leaf.chainPem, "leaf.key": leaf.privateKeyPem };
    for (const [file, text] of Object.entries(files)) Deno.writeTextFileSync(`${folder}/${file}`, text);
    yield* refuse({
      client: ["--ca", `${folder}/ca.pem`],
      error: "CertificateError",
      says: /2021|expired/,
      alert: ["sent", "certificate_expired"],
      number: 45,
    }, { cert: `${folder}/leaf.pem`, key: `${folder}/leaf.key` });
  }),
);

interface OurServerFails extends Failure {
  readonly server?: ReadonlyArray<string>;
  readonly client?: ReadonlyArray<string>;
}

const ourServer: Readonly<Record<string, OurServerFails>> = {
  "no common cipher suite": {
    client: ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"],
    error: "Refused",
    says: /no common cipher suite/,
    alert: ["sent", "handshake_failure"],
    number: 40,
  },
  "no common group": {
    server: ["--groups", "x25519"],
    client: ["-tls1_2", "-groups", "P-521"],
    error: "Refused",
    says: /no common cipher suite/,
    alert: ["sent", "handshake_failure"],
    number: 40,
  },
  "TLS 1.1 alone": {
    client: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
    error: "Refused",
    says: /no common version/,
    alert: ["sent", "protocol_version"],
    number: 70,
  },
  "TLS 1.3 alone": {
    client: ["-tls1_3"],
    error: "Refused",
    says: /no common version/,
    alert: ["sent", "protocol_version"],
    number: 70,
  },
  "a client that does not trust us": {
    client: ["-tls1_2", "-verify_return_error", "-CAfile", `${certificates}/p256.pem`],
    error: "PeerAlert",
    says: /unknown_ca/,
    alert: ["received", "unknown_ca"],
  },
  "the client's Finished flipped on the wire": {
    client: ["-tls1_2"],
    change: flipFinished("client"),
    error: "BadRecordMac",
    says: /does not decrypt/,
    alert: ["sent", "bad_record_mac"],
    number: 20,
  },
  "our Finished flipped on the wire": {
    client: ["-tls1_2"],
    change: flipFinished("server"),
    error: "PeerAlert",
    says: /bad_record_mac/,
    alert: ["received", "bad_record_mac"],
  },
};

/** The events that a server told so far. */
const eventsOf = (output: string) =>
  output.split("\n").filter((line) => line.startsWith("{")).map((line) =>
    JSON.parse(line) as Record<string, unknown>
  );

for (const [name, failure] of Object.entries(ourServer)) {
  withPeer(
    "openssl",
    `our server and s_client: ${name} is ${failure.error}, ${failure.alert.join(" ")}`,
    Effect.gen(function* () {
      const { cert, key } = golden("rsa");
      const { peer: server, port } = yield* Programs.server(
        ...["--json", "--cert", cert, "--key", key, ...failure.server ?? []],
      );
      const target = failure.change === undefined ? port : yield* proxy(port, failure.change);
      const peer = yield* start("openssl", [
        ...["s_client", "-connect", `127.0.0.1:${target}`, ...failure.client ?? []],
      ]);
      assert.equal(yield* soon(peer.ended), 1, peer.output());
      if (failure.number !== undefined) {
        assert.match(peer.output(), new RegExp(`SSL alert number ${failure.number}\\b`));
      }
      yield* server.until(/"event":"error".*\n/);
      holds(failure, eventsOf(server.output()));
      // The server goes on.
      const next = yield* start("openssl", [
        ...["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_2", "-CAfile", root, "-verify_return_error"],
      ]);
      if (failure.server === undefined) yield* next.until(/Verify return code: 0 \(ok\)/);
    }),
  );
}

withPeer(
  "curl",
  "our server and curl that speaks plain HTTP: NotTls, which says so, and the server goes on",
  Effect.gen(function* () {
    const { cert, key } = golden("p256");
    const { peer: server, port } = yield* Programs.server("--cert", cert, "--key", key, "--reply", "page");
    const plain = yield* start("curl", ["-sS", `http://127.0.0.1:${port}/`]);
    assert.notEqual(yield* soon(plain.ended), 0);
    yield* server.until(/NotTls: .*HTTP[^]*alert {2}unexpected_message \(sent\)[^]*plain HTTP client/);
    const tls = yield* start("curl", ["-sS", "--cacert", root, `https://localhost:${port}/`]);
    assert.equal(yield* soon(tls.ended), 0, tls.output());
  }),
);
