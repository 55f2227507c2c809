/** OCSP stapling with OpenSSL and nginx (RFC 6066 §8). @module */
import { assert, Clock, Effect } from "../deps.ts";
import { toHex } from "../../src/wire/bytes.ts";
import { parseCertificate } from "../../src/x509/certificate/certificate.ts";
import { type Issued, makeCa } from "../support/ca.ts";
import { makeStaple, responderOf, tlsFeature } from "../support/ocsp.ts";
import { client, connect } from "./ends.ts";
import { run } from "./made.ts";
import { nginx } from "./nginx.ts";
import { temporary, withPeer } from "./peers.ts";
import * as Programs from "./programs.ts";

const DAY = 86400;
const now = Math.floor(Date.now() / 1000);

/** A root, who issues below it, and a leaf, in files. */
interface Files {
  readonly folder: string;
  readonly issuer: Issued;
  readonly leaf: Issued;
  readonly responder: Issued;
}

const files = (must: boolean) =>
  Effect.gen(function* () {
    const folder = yield* temporary;
    const root = makeCa();
    const issuer = root.intermediate();
    const leaf = issuer.issue(must ? { extensions: [tlsFeature()] } : {});
    const responder = responderOf(issuer);
    const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
    yield* Effect.promise(async () => {
      await write("root.pem", root.certificatePem);
      for (const [name, one] of Object.entries({ issuer, leaf, responder })) {
        await write(`${name}.pem`, one.chainPem);
        await write(`${name}.key`, one.privateKeyPem);
      }
    });
    return { folder, issuer, leaf, responder };
  });

/** What OpenSSL's responder says of the leaf when this is its row in the index, good for a day. */
const byOpenssl = (row: "V" | "R" | "none", signer: "issuer" | "responder" = "issuer") => (at: Files) =>
  Effect.gen(function* () {
    const { folder, leaf } = at;
    const serial = toHex((yield* parseCertificate(leaf.der)).serialNumber).toUpperCase();
    const revoked = row === "R" ? "260101000000Z,keyCompromise" : "";
    const index = row === "none" ? "" : `${row}\t391231235959Z\t${revoked}\t${serial}\tunknown\t/CN=leaf\n`;
    yield* Effect.promise(() => Deno.writeTextFile(`${folder}/index`, index));
    yield* run(
      "openssl",
      ...["ocsp", "-index", `${folder}/index`, "-CA", `${folder}/issuer.pem`, "-ndays", "1"],
      ...["-rsigner", `${folder}/${signer}.pem`, "-rkey", `${folder}/${signer}.key`],
      ...["-issuer", `${folder}/issuer.pem`, "-cert", `${folder}/leaf.pem`],
      ...["-respout", `${folder}/staple`],
    );
  });

const byUs = (options: Parameters<typeof makeStaple>[2]) => ({ folder, issuer, leaf }: Files) =>
  Effect.promise(() => Deno.writeFile(`${folder}/staple`, makeStaple(issuer, leaf, options)));

type Make = (at: Files) => Effect.Effect<unknown, unknown>;
type Row = readonly [
  what: string,
  must: boolean,
  staple: Make | undefined,
  reason?: string,
  alertNumber?: number,
];

const rows: ReadonlyArray<Row> = [
  ["a staple that says good, which is demanded", true, byOpenssl("V")],
  ["a staple that says good, by a responder that the issuer named", true, byOpenssl("V", "responder")],
  ["a staple that says revoked", true, byOpenssl("R"), "revoked", 44],
  ["a staple that says revoked, which nothing demanded", false, byOpenssl("R"), "revoked", 44],
  ["a staple that says unknown", false, byOpenssl("none"), "status_unknown", 113],
  [
    "a staple of the day before yesterday",
    true,
    byUs({ thisUpdate: now - 2 * DAY, nextUpdate: now - DAY }),
    "status_stale",
    113,
  ],
  ["a staple that is forged", false, byUs({ signature: "forged" }), "status_invalid", 113],
  ["no staple, which is demanded", true, undefined, "status_missing", 113],
  ["no staple, which nothing demanded", false, undefined],
];

for (const [what, must, make, reason, alertNumber] of rows) {
  withPeer(
    "nginx",
    `our client and nginx with ${what}: ${reason ?? "a connection"}`,
    Effect.gen(function* () {
      const at = yield* files(must);
      if (make) yield* make(at);
      const stapling = make ? ["ssl_stapling on;", `ssl_stapling_file ${at.folder}/staple;`] : [];
      const { peer, port } = yield* nginx(`${at.folder}/leaf`, ...stapling);
      const { code, events, output } = yield* Programs.client(
        ...[`localhost:${port}`, "--ca", `${at.folder}/root.pem`, "--http", "/", "--json"],
      );
      assert.equal(code, reason === undefined ? 0 : 1, output);
      const error = events.find((e) => e.event === "error");
      assert.equal(error?.reason, reason, output);
      if (alertNumber !== undefined) yield* peer.until(new RegExp(`SSL alert number ${alertNumber}\\b`));
      const heard = events.some((e) => e.type === "CertificateStatus");
      assert.equal(heard, make !== undefined);
    }),
  );
}

/** A clock that is ahead of everybody's. */
const ahead = (seconds: number) => {
  const clock = Clock.make();
  return Effect.withClock(
    Object.assign<object, Partial<Clock.Clock>>(Object.create(clock), {
      unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + 1000 * seconds,
      currentTimeMillis: Effect.map(clock.currentTimeMillis, (ms) => ms + 1000 * seconds),
    }) as Clock.Clock,
  );
};

withPeer(
  "nginx",
  "our client and nginx with the same staple of OpenSSL's today, and in two days, when it is stale",
  Effect.gen(function* () {
    const at = yield* files(true);
    yield* byOpenssl("V")(at);
    const { port } = yield* nginx(
      `${at.folder}/leaf`,
      ...["ssl_stapling on;", `ssl_stapling_file ${at.folder}/staple;`],
    );
    const roots = yield* Effect.promise(() => Deno.readTextFile(`${at.folder}/root.pem`));
    const once = Effect.scoped(Effect.provide(connect(port), client(roots)));
    yield* once;
    const error = yield* Effect.flip(ahead(2 * DAY)(once));
    assert.equal(error._tag === "CertificateError" && error.reason, "status_stale");
  }),
);
