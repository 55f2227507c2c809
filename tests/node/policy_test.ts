/** What Node's options say is to be spoken, as a policy. */
import { assert } from "../deps.ts";
import { cipherSuites } from "../../src/node/ciphers.ts";
import { DEFAULT_CIPHERS, getCiphers } from "../../src/node/mod.ts";
import { policyOf, type SpokenOptions } from "../../src/node/policy.ts";
import {
  CipherSuite as C,
  NamedGroup as G,
  ProtocolVersion as V,
  SignatureScheme as S,
} from "../../src/names/mod.ts";

const both = [V.TLS_1_3, V.TLS_1_2];

/** Options, and the versions that they allow. */
const versions: ReadonlyArray<readonly [SpokenOptions, ReadonlyArray<V>]> = [
  [{}, both],
  [{ minVersion: "TLSv1.3" }, [V.TLS_1_3]],
  [{ maxVersion: "TLSv1.2" }, [V.TLS_1_2]],
  [{ minVersion: "TLSv1" }, [...both, V.TLS_1_1, V.TLS_1_0]],
  [{ minVersion: "SSLv3", maxVersion: "TLSv1" }, [V.TLS_1_0, V.SSL_3_0]],
  [{ secureProtocol: "TLSv1_2_method" }, [V.TLS_1_2]],
  [{ secureProtocol: "TLSv1_1_client_method" }, [V.TLS_1_1]],
  [{ secureProtocol: "TLS_method" }, [...both, V.TLS_1_1, V.TLS_1_0]],
  [{ secureProtocol: "SSLv23_server_method" }, [...both, V.TLS_1_1, V.TLS_1_0]],
  [{ secureOptions: 0x20000000 }, [V.TLS_1_2]], // SSL_OP_NO_TLSv1_3
  [{ minVersion: "TLSv1", secureOptions: 0x4000000 | 0x10000000 }, both], // SSL_OP_NO_TLSv1, SSL_OP_NO_TLSv1_1
  [{ ciphers: "TLS_AES_128_GCM_SHA256" }, [V.TLS_1_3]],
  [{ ciphers: "ECDHE-RSA-AES128-GCM-SHA256" }, [V.TLS_1_2]],
  [{ ciphers: "TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256" }, both],
];
for (const [options, expected] of versions) {
  Deno.test(`${JSON.stringify(options)} is ${expected.map(V.nameOf).join(", ")}`, () => {
    assert.deepEqual(policyOf(options).versions, expected);
  });
}

Deno.test("curves and signature algorithms go by Node's names, OpenSSL's and IANA's", () => {
  assert.deepEqual(policyOf({ ecdhCurve: "P-384:X25519:prime256v1:X25519MLKEM768" }).groups, [
    G.secp384r1,
    G.x25519,
    G.secp256r1,
    G.X25519MLKEM768,
  ]);
  assert.deepEqual(
    policyOf({ sigalgs: "RSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA512:ed25519:rsa_pss_rsae_sha256" })
      .signatureSchemes,
    [
      S.rsa_pkcs1_sha256,
      S.ecdsa_secp384r1_sha384,
      S.rsa_pss_rsae_sha512,
      S.rsa_pss_pss_sha512,
      S.ed25519,
      S.rsa_pss_rsae_sha256,
    ],
  );
});

Deno.test("options of OpenSSL on tickets and renegotiation count", () => {
  assert.equal(policyOf({}).sessionTickets, true);
  assert.equal(policyOf({ secureOptions: 0x4000 }).sessionTickets, false); // SSL_OP_NO_TICKET
  assert.equal(policyOf({}).renegotiation, "allow");
  assert.equal(policyOf({ secureOptions: 0x40000000 }).renegotiation, "refuse"); // SSL_OP_NO_RENEGOTIATION
  assert.equal(policyOf({}).requireSecureRenegotiation, true);
  assert.equal(policyOf({ secureOptions: 4 }).requireSecureRenegotiation, false); // SSL_OP_LEGACY_SERVER_CONNECT
});

Deno.test("no word for several suites means a broken one, but RC4, 3DES, MEDIUM and NULL; and `!` bans those as well", () => {
  const broken = /RC4|3DES|NULL/;
  const names = (list: string) => cipherSuites(list).map((suite) => C.nameOf(suite));
  for (const list of ["ALL:!aNULL", "DEFAULT", "HIGH:!aNULL", "kRSA", "SHA:!aNULL", DEFAULT_CIPHERS]) {
    assert.deepEqual(names(list).filter((name) => broken.test(name)), [], list);
  }
  assert.ok(names("RC4").length > 2 && names("kRSA+3DES").length === 1 && names("MEDIUM").length > 5);
  assert.deepEqual(names("RC4-SHA:AES128-GCM-SHA256:!SHA"), ["TLS_RSA_WITH_AES_128_GCM_SHA256"]);
});

Deno.test("`!` bans for good, `-` until it is named again, `+` puts last; TLS 1.3's suites are those that are named", () => {
  const names = (list: string) => cipherSuites(list).map((suite) => C.nameOf(suite));
  const [aes128, aes256] = ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"];
  assert.deepEqual(names("!AES128-SHA:AES128-SHA:AES256-SHA"), [aes256]);
  assert.deepEqual(names("AES128-SHA:AES256-SHA:-AES128-SHA:AES128-SHA"), [aes256, aes128]);
  assert.deepEqual(names("AES128-SHA:AES256-SHA:+AES128-SHA"), [aes256, aes128]);
  assert.deepEqual(names("AES128-SHA@SECLEVEL=0"), [aes128]);
  assert.deepEqual(names("TLS_AES_256_GCM_SHA384:AES128-SHA"), ["TLS_AES_256_GCM_SHA384", aes128]);
  assert.ok(names("ALL").every((name) => name.includes("_WITH_")));
});

Deno.test("getCiphers names what `ciphers` takes, in lower case", () => {
  for (const name of getCiphers()) {
    assert.equal(cipherSuites(name.toUpperCase()).length, 1, name);
  }
});

/** What is no such option, and the name that the error has. */
const wrong: ReadonlyArray<readonly [string, SpokenOptions]> = [
  ["minVersion", { minVersion: "TLSv1.4" as never }],
  ["minVersion", { minVersion: "TLSv1.3", maxVersion: "TLSv1.2" }],
  ["maxVersion", { maxVersion: "TLS 1.3" as never }],
  ["secureProtocol", { secureProtocol: "TLSv2_method" }],
  ["secureProtocol", { secureProtocol: "TLSv1_2_method", minVersion: "TLSv1.2" }],
  ["ciphers", { ciphers: "" }],
  ["ciphers", { ciphers: "AES128-SHA:!ALL" }],
  ["ciphers", { ciphers: "ECDHE+AESGCM256" }],
  ["ciphers", { ciphers: "HIGH@SECLEVEL=9" }],
  ["ciphers", { ciphers: "constructor" }],
  ["ecdhCurve", { ecdhCurve: "" }],
  ["ecdhCurve", { ecdhCurve: "X25519:toString" }],
  ["sigalgs", { sigalgs: "RSA" }],
];
for (const [option, options] of wrong) {
  Deno.test(`${JSON.stringify(options)} is InvalidOption of ${option}`, () => {
    assert.throws(() => policyOf(options), { _tag: "InvalidOption", option });
  });
}
