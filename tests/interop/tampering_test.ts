/** OpenSSL behind a proxy that changes records or cuts the stream: what each end makes of it. @module */
import { assert, Effect } from "../deps.ts";
import { certificates, freePort, start, withPeer } from "./peers.ts";
import * as Programs from "./programs.ts";
import { type Change, proxy } from "../support/proxy.ts";

const root = `${certificates}/root.pem`;
const [cert, key] = [`${certificates}/rsa.pem`, `${certificates}/rsa.key`];

/** How a handshake ends on our end, by the events of `--json`. */
interface End {
  readonly error: string;
  /** What the error says, in part. */
  readonly says: RegExp;
  /** The only alert, and whether our end sent or received it. */
  readonly alert: readonly ["sent" | "received", string];
  /** Its number, where OpenSSL received it. */
  readonly number?: number;
}

type Event = Readonly<Record<string, unknown>>;

const check = ({ error, says, alert }: End, events: ReadonlyArray<Event>): void => {
  const told = events.filter((e) => e["event"] === "error");
  assert.deepEqual(told.map((e) => e["_tag"]), [error]);
  assert.match(String(told[0]!["message"]), says);
  const alerts = events.filter((e) => e["event"] === "alert");
  assert.deepEqual(alerts.map((e) => [e["direction"], e["description"]]), [alert]);
};

/** Flips a bit at the end of a side's Finished: its handshake record after ChangeCipherSpec. */
const flipFinished = (whose: "client" | "server") => (): Change => {
  let sealed = false;
  return (from, record) => {
    if (from !== whose) return record;
    sealed ||= record[0] === 20;
    return sealed && record[0] === 22 ? record.with(-1, record.at(-1)! ^ 1) : record;
  };
};

/** Makes a ClientHello that offers secp384r1 alone offer secp256r1: the one group of its supported_groups. */
const offerOther = (): Change => (from, record, index) => {
  if (from !== "client" || index !== 0) return record;
  const extension = [0, 10, 0, 4, 0, 2, 0, 24];
  const at = record.findIndex((_, i) => extension.every((byte, j) => record[i + j] === byte));
  return at < 0 ? undefined : record.with(at + 7, 23);
};

/** Ends the stream after so many records of the server's. */
const cutAfter = (count: number) => (): Change => (from, record, index) =>
  from === "server" && index === count ? undefined : record;

interface OurClient extends End {
  readonly client?: ReadonlyArray<string>;
  readonly change: () => Change;
}

/** What our client makes of what somebody does on its way to s_server. */
const ourClient: Readonly<Record<string, OurClient>> = {
  "a curve in ServerKeyExchange that was not offered": {
    client: ["--groups", "secp384r1"],
    change: offerOther,
    error: "IllegalParameter",
    says: /secp256r1/,
    alert: ["sent", "illegal_parameter"],
    number: 47,
  },
  "a flipped bit in the server's Finished": {
    change: flipFinished("server"),
    error: "BadRecordMac",
    says: /does not decrypt/,
    alert: ["sent", "bad_record_mac"],
    number: 20,
  },
  "a flipped bit in its own Finished": {
    change: flipFinished("client"),
    error: "PeerAlert",
    says: /fatal alert bad_record_mac/,
    alert: ["received", "bad_record_mac"],
  },
};

const sServer = Effect.gen(function* () {
  const port = yield* freePort;
  const peer = yield* start("openssl", [
    ...["s_server", "-accept", `127.0.0.1:${port}`, "-tls1_2", "-cert", cert, "-key", key],
  ]);
  yield* peer.until(/ACCEPT/);
  return { peer, port };
});

for (const [what, { client = [], change, ...end }] of Object.entries(ourClient)) {
  withPeer(
    "openssl",
    `our client meets ${what}: ${end.error}, ${end.alert.join(" ")}`,
    Effect.gen(function* () {
      const { peer, port } = yield* sServer;
      const between = yield* proxy(port, change());
      const { code, events } = yield* Programs.client(
        `localhost:${between}`,
        "--ca",
        root,
        "--json",
        ...client,
      );
      assert.equal(code, 1);
      check(end, events);
      if (end.number !== undefined) yield* peer.until(new RegExp(`SSL alert number ${end.number}\\b`));
    }),
  );
}

for (const [what, records] of Object.entries({ "in its first flight": 2, "before its Finished": 4 })) {
  withPeer(
    "openssl",
    `our client meets a server whose stream ends ${what}: Truncated, and nobody is left to be alerted`,
    Effect.gen(function* () {
      const { port } = yield* sServer;
      const between = yield* proxy(port, cutAfter(records)());
      const { code, events } = yield* Programs.client(`localhost:${between}`, "--ca", root, "--json");
      assert.equal(code, 1);
      const told = events.filter((e) => e["event"] === "error");
      assert.deepEqual(told.map((e) => [e["_tag"], e["alert"]]), [["Truncated", undefined]]);
    }),
  );
}

/** A server's only alert is its close_notify; in TLS 1.3 only its length tells: two bytes, their type and a tag. */
const isAlert = {
  "tls1.2": (record: Uint8Array) => record[0] === 21,
  "tls1.3": (record: Uint8Array) => record[0] === 23 && record.length === 5 + 2 + 1 + 16,
};

for (const [version, ends] of Object.entries(isAlert)) {
  withPeer(
    "openssl",
    `our client meets a stream of ${version} that ends after the data and without close_notify: an answer with a length is whole`,
    Effect.gen(function* () {
      const page = yield* Programs.server("--reply", "page", "--cert", cert, "--key", key);
      const between = yield* proxy(
        page.port,
        (from, record) => from === "server" && ends(record) ? undefined : record,
      );
      const { code, events } = yield* Programs.client(
        ...[`localhost:${between}`, "--ca", root, "--json", "--http", "/", "--versions", version],
      );
      assert.equal(code, 0);
      const text = events.filter((e) => e["event"] === "data").map((e) => e["text"]).join("");
      assert.match(text, /^<!doctype html>[^]*<\/html>\n$/);
    }),
  );

  withPeer(
    "openssl",
    `our client meets a stream of ${version} that ends after the data and without close_notify: an answer without a length is cut`,
    Effect.gen(function* () {
      const port = yield* freePort;
      const args = ["s_server", "-accept", `${port}`, "-www", "-cert", cert, "-key", key];
      yield* (yield* start("openssl", args)).until(/ACCEPT/);
      const between = yield* proxy(
        port,
        (from, record) => from === "server" && ends(record) ? undefined : record,
      );
      const { code, events } = yield* Programs.client(
        ...[`localhost:${between}`, "--ca", root, "--json", "--http", "/", "--versions", version],
      );
      assert.equal(code, 1);
      const text = events.filter((e) => e["event"] === "data").map((e) => e["text"]).join("");
      assert.match(text, /<HTML>/);
      assert.equal(events.findLast((e) => e["event"] === "error")?.["_tag"], "Truncated");
    }),
  );
}

interface OurServer extends End {
  readonly client: ReadonlyArray<string>;
  readonly server?: ReadonlyArray<string>;
  readonly change?: () => Change;
}

/** What our server makes of s_client, and s_client of our server. */
const ourServer: Readonly<Record<string, OurServer>> = {
  "a client of TLS 1.3 alone": {
    client: ["-tls1_3"],
    server: ["--versions", "tls1.2"],
    error: "Refused",
    says: /no common version/,
    alert: ["sent", "protocol_version"],
    number: 70,
  },
  "a client that does not trust its root": {
    client: ["-tls1_2", "-verify_return_error", "-CAfile", `${certificates}/p256.pem`],
    error: "PeerAlert",
    says: /fatal alert unknown_ca/,
    alert: ["received", "unknown_ca"],
  },
  "a flipped bit in the client's Finished": {
    client: ["-tls1_2"],
    change: flipFinished("client"),
    error: "BadRecordMac",
    says: /does not decrypt/,
    alert: ["sent", "bad_record_mac"],
    number: 20,
  },
  "a flipped bit in its own Finished": {
    client: ["-tls1_2"],
    change: flipFinished("server"),
    error: "PeerAlert",
    says: /fatal alert bad_record_mac/,
    alert: ["received", "bad_record_mac"],
  },
};

for (const [what, { client, server: own = [], change, ...end }] of Object.entries(ourServer)) {
  withPeer(
    "openssl",
    `our server meets ${what}: ${end.error}, ${end.alert.join(" ")}, and it serves the next`,
    Effect.gen(function* () {
      const { peer: server, port } = yield* Programs.server("--json", "--cert", cert, "--key", key, ...own);
      const between = change === undefined ? port : yield* proxy(port, change());
      const peer = yield* start("openssl", ["s_client", "-connect", `127.0.0.1:${between}`, ...client]);
      assert.equal(yield* peer.ended, 1, peer.output());
      if (end.number !== undefined) assert.match(peer.output(), new RegExp(`alert number ${end.number}\\b`));
      yield* server.until(/"event":"error".*\n/);
      const lines = server.output().trimEnd().split("\n");
      check(end, lines.map((line) => JSON.parse(line) as Event));
      const next = yield* start("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", root]);
      yield* next.until(/Verify return code: 0 \(ok\)/);
    }),
  );
}
