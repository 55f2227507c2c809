/** CRLs that OpenSSL makes, and peers of its whose certificates they list (RFC 5280 §5). @module */
import { assert, Effect } from "../deps.ts";
import { toHex } from "../../src/wire/bytes.ts";
import { parseCertificate } from "../../src/x509/certificate/certificate.ts";
import { type Issued, makeCa } from "../support/ca.ts";
import { run } from "./made.ts";
import { freePort, start, temporary, withPeer } from "./peers.ts";
import * as Programs from "./programs.ts";

/** A root, an authority below it, and a leaf, in files. */
const files = Effect.gen(function* () {
  const folder = yield* temporary;
  const root = makeCa();
  const issuer = root.intermediate();
  const leaf = issuer.issue();
  yield* Effect.promise(async () => {
    for (const [name, one] of Object.entries({ root, issuer, leaf })) {
      await Deno.writeTextFile(`${folder}/${name}.pem`, one.root ? one.certificatePem : one.chainPem);
      await Deno.writeTextFile(`${folder}/${name}.key`, one.privateKeyPem);
    }
  });
  return { folder, issuer, leaf };
});

/** A CRL of an issuer by `openssl ca`, which lists a certificate or nobody; gives its file. */
const crlOf = (folder: string, issuer: string, revoked?: Issued) =>
  Effect.gen(function* () {
    const serial = revoked && toHex((yield* parseCertificate(revoked.der)).serialNumber).toUpperCase();
    const at = `${folder}/ca-${issuer}`;
    const write = (name: string, text: string) =>
      Effect.promise(() => Deno.writeTextFile(`${at}${name}`, text));
    const row = serial ? `R\t391231235959Z\t260101000000Z,keyCompromise\t${serial}\tunknown\t/CN=leaf\n` : "";
    yield* write(".index", row);
    yield* write(".number", "01\n");
    yield* write(
      ".conf",
      `[ca]\ndefault_ca=d\n[d]\ndatabase=${at}.index\ncrlnumber=${at}.number\ndefault_md=sha256\n` +
        "default_crl_days=1\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n",
    );
    yield* run(
      "openssl",
      ...["ca", "-gencrl", "-config", `${at}.conf`, "-out", `${at}.crl`],
      ...["-cert", `${folder}/${issuer}.pem`, "-keyfile", `${folder}/${issuer}.key`],
    );
    return `${at}.crl`;
  });

const rows: ReadonlyArray<
  readonly [
    what: string,
    lists: boolean,
    ofRoot: boolean,
    flags: ReadonlyArray<string>,
    reason?: string,
    alert?: number,
  ]
> = [
  ["which list nobody", false, true, []],
  ["of which one lists the leaf", true, true, [], "revoked", 44],
  ["of its issuer alone", false, false, [], "revocation_unknown", 46],
  ["of its issuer alone, which is enough", false, false, ["--crl-check", "leaf"]],
  ["of its issuer alone, which lists the leaf", true, false, ["--crl-check", "leaf"], "revoked", 44],
];

for (const [what, lists, ofRoot, flags, reason, alert] of rows) {
  const prepared = Effect.gen(function* () {
    const { folder, leaf } = yield* files;
    const crls = [yield* crlOf(folder, "issuer", lists ? leaf : undefined)];
    if (ofRoot) crls.push(yield* crlOf(folder, "root"));
    return { folder, given: [...crls.flatMap((file) => ["--crl", file]), ...flags] };
  });

  for (const version of ["-tls1_2", "-tls1_3"]) {
    withPeer(
      "openssl",
      `our client with CRLs ${what}, and s_server ${version}: ${reason ?? "a connection"}`,
      Effect.gen(function* () {
        const { folder, given } = yield* prepared;
        const port = yield* freePort;
        const peer = yield* start("openssl", [
          ...["s_server", "-accept", `127.0.0.1:${port}`, "-cert", `${folder}/leaf.pem`, version],
          ...["-key", `${folder}/leaf.key`, "-cert_chain", `${folder}/leaf.pem`, "-rev"],
        ]);
        yield* peer.until(/ACCEPT/);
        const { code, events, output } = yield* Programs.client(
          ...[
            `127.0.0.1:${port}`,
            "--ca",
            `${folder}/root.pem`,
            "--servername",
            "localhost",
            "--json",
            ...given,
          ],
        );
        assert.equal(code, reason === undefined ? 0 : 1, output);
        assert.equal(events.find((e) => e.event === "error")?.reason, reason, output);
        if (alert !== undefined) yield* peer.until(new RegExp(`SSL alert number ${alert}\\b`));
      }),
    );
  }

  withPeer(
    "openssl",
    `our server with CRLs ${what}, and a certificate of s_client's: ${reason ?? "a connection"}`,
    Effect.gen(function* () {
      const { folder, given } = yield* prepared;
      const { port } = yield* Programs.server(
        ...["--cert", `${folder}/leaf.pem`, "--key", `${folder}/leaf.key`, "--client-auth", "require"],
        ...["--client-ca", `${folder}/root.pem`, "--reply", "reverse", ...given],
      );
      const peer = yield* start("openssl", [
        ...["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_2", "-CAfile", `${folder}/root.pem`],
        ...["-cert", `${folder}/leaf.pem`, "-key", `${folder}/leaf.key`, "-cert_chain", `${folder}/leaf.pem`],
      ]);
      yield* peer.say("stressed\n");
      yield* peer.until(alert === undefined ? /desserts/ : new RegExp(`SSL alert number ${alert}\\b`));
    }),
  );
}
