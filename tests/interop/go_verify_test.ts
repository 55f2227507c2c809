/** The chains of the tables, as Go's crypto/x509 judges them: another opinion beside OpenSSL's. @module */
import { assert, Effect } from "../deps.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import * as Base from "../x509/chains/base.ts";
import { type Chain, NOW } from "../x509/chains/base.ts";
import * as Names from "../x509/chains/names.ts";
import { withPeer } from "./peers.ts";

const base64 = (bytes: Bytes): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** Why Go sees some of the chains otherwise, by their names. */
const otherwise: Readonly<Record<string, string>> = {
  "RSASSA-PSS by a key that is for nothing else": "it has no such keys",
  "Ed448": "it has no such keys",
  "SHA-1, where it is allowed": "it has no option that allows it",
  "a common name alone, where it counts": "it has no option that allows it",
  "a common name that is an address, where it counts": "it has no option that allows it",
  "a name written in Unicode": "it wants the name as it is sent",
  "one more that is self-issued": "it counts certificates that are self-issued",
  "an issuer written in other letters": "it compares names by their bytes",
  "names that are permitted": "it knows no constraints on directory names",
  "another organization than the one that is excluded": "it knows no constraints on directory names",
  "an organization in UniversalString that is permitted": "it does not read UniversalString",
  "unknown_ca: one certificate more than a path may have": "its limit is higher",
  "name_mismatch: a wildcard for everybody": "it takes a star below any name",
  "invalid: 1024 bits of RSA": "it asks for no length",
  "invalid: 1024 bits of RSA in a root": "it asks for no length",
  "name_not_permitted: a wildcard that can be what is excluded": "it compares the letters of the wildcard",
  "ca_as_leaf: an intermediate as a server's own": "it lets an authority's key serve as a host's",
  "ca_as_leaf: an intermediate as a client's own": "it lets an authority's key serve as a host's",
  "unsupported: an RSA key with an exponent that is dear to compute": "it bounds no exponent",
  "wrong_usage: a client's that may not sign": "it does not look at keyUsage",
  "a URI beside what is excluded": "a host stands for what is below it, too",
  "name_not_permitted: a mailbox at a host below the one that is permitted":
    "a host stands for what is below it, too",
  "name_not_permitted: a mailbox that is excluded but for the case of its local part": "to it, case counts",
  "name_not_permitted: a mailbox in the subject that is not permitted": "it does not look at the subject",
  "name_not_permitted: an internationalized mailbox at a host that is excluded": "it does not know them",
  "invalid: a mailbox with a quoted local part, under a constraint": "it unquotes them",
  "invalid: an internationalized mailbox that is none, under a constraint": "it does not know them",
};

interface Row {
  readonly name: string;
  readonly chain: Chain;
  readonly trusted: boolean;
}

const rows = (): ReadonlyArray<Row> =>
  [Base, Names].flatMap(({ good, bad }) => [
    ...Object.entries(good).map(([name, make]) => ({ name, chain: make(), trusted: true })),
    ...Object.entries(bad).flatMap(([reason, all]) =>
      Object.entries(all).map(([name, make]) => ({
        name: `${reason}: ${name}`,
        chain: make(),
        trusted: false,
      }))
    ),
  ]);

withPeer(
  "go",
  "Go's verifier agrees with every chain of the tables, or it is known why not",
  Effect.gen(function* () {
    const all = rows();
    const input = JSON.stringify(
      all.map(({ chain: { roots, chain, host = "localhost", purpose, time = NOW } }) => ({
        Roots: roots.map(({ der }) => base64(der)),
        Chain: chain.map(base64),
        Host: host ?? "",
        Client: purpose === "clientAuth",
        Time: time,
      })),
    );
    const said = yield* Effect.promise(async () => {
      const source = new URL("./go/verify.go", import.meta.url).pathname;
      const go = new Deno.Command("go", { args: ["run", source], stdin: "piped", stdout: "piped" }).spawn();
      const writer = go.stdin.getWriter();
      await writer.write(new TextEncoder().encode(input));
      await writer.close();
      return new TextDecoder().decode((await go.output()).stdout).trimEnd().split("\n");
    });
    assert.equal(said.length, all.length);
    const wrong = all.flatMap(({ name, trusted }, i) =>
      (said[i] === "ok") === (otherwise[name] === undefined ? trusted : !trusted)
        ? []
        : [`${name}: ${said[i]}`]
    );
    assert.deepEqual(wrong, []);
    assert.deepEqual(Object.keys(otherwise).filter((name) => !all.some((one) => one.name === name)), []);
  }),
  "180 seconds",
);
