/** Advice names what its readers can use: layers and flags, options, or Node's names. @module */
import { assert } from "../deps.ts";
import { Errors, Names } from "../../mod.ts";
import { forReaders } from "../../src/faults/means.ts";

const tables = ["hints", "faults", "refusals", "sections"].map((name) =>
  Deno.readTextFileSync(new URL(`../../src/faults/${name}.ts`, import.meta.url))
);
const words = [...new Set(tables.flatMap((text) => text.match(/(?<!\$)\{\w+\}/g) ?? []))];

Deno.test("every word in braces of every advice has names for each of its readers", () => {
  assert.ok(words.length > 15);
  for (const word of words) {
    for (const readers of ["layers", "options", "node"] as const) {
      assert.notEqual(forReaders(word, readers), word);
    }
    for (const readers of ["options", "node"] as const) {
      assert.doesNotMatch(
        forReaders(word, readers),
        /--\w|Policy\.|Credentials\.|layerRoots|layerPinned/,
        word,
      );
    }
  }
});

Deno.test("no advice names a flag or a layer outside of these words", () => {
  for (const text of tables) {
    const said = text.split("\n").filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line)).join("\n");
    assert.deepEqual(
      said.match(/--(?!allow-)[a-z]+(?:-[a-z]+)*/g)?.filter((flag) => !allowed.includes(flag)) ?? [],
      [],
    );
  }
});

/** Those of a weaker trust and of STARTTLS's time, which stand beside the option's name. */
const allowed = ["--allow", "--profile", "--timeout"];

Deno.test("the same error advises each of its readers in his own words", () => {
  const { fatal } = Names.AlertLevel;
  const { protocol_version, certificate_required } = Names.AlertDescription;
  const old = new Errors.PeerAlert({ level: fatal, description: protocol_version });
  const hint = (error: Errors.TlsError, readers?: Errors.Readers) => Errors.explain(error, { readers }).hint;
  assert.match(
    hint(old)!,
    /try Policy\.compatible, then Policy\.legacy \(--policy compatible, --policy legacy\)/,
  );
  assert.match(hint(old, "options")!, /try policy: "compatible", then "legacy";/);
  assert.match(hint(old, "node")!, /try minVersion: "TLSv1";/);
  const bare = new Errors.PeerAlert({ level: fatal, description: certificate_required });
  assert.match(hint(bare, "options")!, /wants a certificate, and none was shown: give one \(cert and key\)/);
  const weak = new Errors.CertificateError({
    reason: "refused",
    index: 0,
    subject: "CN=a",
    detail: "it is weak",
    rfc: "RFC 5280 §6.1",
    liftedBy: { sha1: true },
  });
  assert.match(hint(weak)!, /give CertificateVerifier\.layerRoots \{ sha1: true \} \(--allow sha1\)/);
  assert.match(hint(weak, "options")!, /give \{ sha1: true \} beside trust\.roots/);
});
