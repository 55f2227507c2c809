/** Lists of cipher suites in OpenSSL's syntax mean here what they mean to OpenSSL, among the suites that both have. */
import { assert, Effect } from "../deps.ts";
import { cipherSuites } from "../../src/node/ciphers.ts";
import { CipherSuite, opensslName } from "../../src/names/mod.ts";
import { everySuite } from "../../src/tables/policy.ts";
import { withPeer } from "./peers.ts";

/** What programs write, and what tries each word. */
const lists = [
  "DEFAULT",
  "HIGH",
  "HIGH:!aNULL:!MD5",
  "HIGH:!aNULL:!eNULL:!EXPORT:!DES:!RC4:!MD5:!PSK:!SRP:!CAMELLIA",
  "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL:!MD5:!DSS",
  "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256",
  "EECDH+AESGCM:EDH+AESGCM:AES256+EECDH:AES256+EDH",
  "ALL:!LOW:!EXP",
  "ALL:+SHA",
  "ALL:!COMPLEMENTOFDEFAULT:!eNULL",
  "AES:-SHA:AES128",
  "!aNULL:HIGH",
  "HIGH:-AES128:AES128",
  "AES128-SHA,AES256-SHA",
  "RC4-SHA:HIGH:!SHA",
  "PSK:SRP:CAMELLIA:ARIA:SEED:IDEA:DSS:HIGH",
  "ECDHE-RSA-CAMELLIA256-SHA384:DHE-DSS-AES128-SHA:PSK-AES128-CBC-SHA:AES128-SHA",
  ...["kRSA", "ECDH", "ADH:AECDH", "eNULL", "aRSA+kEECDH:!SHA", "ECDHE:!AES128", "TLSv1.2", "TLSv1", "SSLv3"],
  ...["SHA256", "SHA384", "SHA1:!RSA", "DH", "kDHE", "kEDH+AES", "EECDH", "CBC", "COMPLEMENTOFDEFAULT"],
  ...["COMPLEMENTOFALL", "aECDSA", "kECDHE", "AESGCM", "AECDH+HIGH", "CHACHA20"],
];

const nameOf = (suite: CipherSuite): string => opensslName(CipherSuite.nameOf(suite));

/** The suites of OpenSSL's that this library has. */
const theirs = (list: string): ReadonlyArray<string> => {
  const known = new Set(everySuite.map(nameOf));
  const { stdout, stderr, success } = new Deno.Command("openssl", {
    args: ["ciphers", "-s", "-tls1_2", `${list}:@SECLEVEL=0`],
  }).outputSync();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split(":").filter((name) => known.has(name));
};

withPeer(
  "openssl",
  "OpenSSL and this library make the same suites of the lists that programs write",
  Effect.sync(() => {
    // Debian's OpenSSL is built without these.
    const missing = /RC4|DES-CBC3|CCM/;
    // Here no suite without encryption is in a list that does not say so.
    const wanted = (list: string) => /NULL(?!.*!)|OFALL/.test(list) ? /(?:)/ : /^(?!.*NULL)/;
    for (const list of lists) {
      const ours = cipherSuites(list).map(nameOf).filter((name) => !missing.test(name));
      assert.deepEqual(ours.toSorted(), theirs(list).filter((n) => wanted(list).test(n)).toSorted(), list);
    }
  }),
);
