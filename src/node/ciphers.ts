/** OpenSSL's lists of cipher suites, as far as programs write them. @module */
import { CipherSuite, opensslName } from "../names/mod.ts";
import { InvalidOption } from "../public/errors.ts";
import * as Policy from "../public/policy.ts";
import { cipherInfo } from "./names.ts";

/** A cipher suite by both of its names. */
interface Named {
  readonly suite: CipherSuite;
  readonly iana: string;
  readonly openssl: string;
}

const named = (suite: CipherSuite): Named => {
  const iana = CipherSuite.nameOf(suite);
  return { suite, iana, openssl: opensslName(iana) };
};

const is13 = ({ iana }: Named): boolean => !iana.includes("_WITH_");

/** What there is to choose from up to TLS 1.2, and in TLS 1.3. */
const every = Policy.everySuite.map(named);
const older = every.filter((one) => !is13(one));

const by = (pattern: RegExp) => ({ iana }: Named): boolean => pattern.test(iana);

const since = (version: string) => ({ suite }: Named): boolean => cipherInfo(suite).version === version;
const none = (): boolean => false;

/** The words that stand for several suites. Those of suites that this library lacks stand for none. */
const words: Readonly<Record<string, (one: Named) => boolean>> = {
  ALL: by(/^(?!.*WITH_NULL)/),
  COMPLEMENTOFALL: by(/WITH_NULL/),
  DEFAULT: by(/^(?!.*(_anon|NULL))/),
  COMPLEMENTOFDEFAULT: by(/_anon(?!.*NULL)/),
  HIGH: by(/AES|CHACHA20/),
  MEDIUM: by(/RC4|3DES/),
  aNULL: by(/_anon_/),
  ADH: by(/^TLS_DH_anon/),
  AECDH: by(/^TLS_ECDH_anon/),
  eNULL: by(/WITH_NULL/),
  NULL: by(/WITH_NULL/),
  RSA: by(/^TLS_RSA/),
  kRSA: by(/^TLS_RSA/),
  aRSA: by(/_RSA_WITH/),
  ECDSA: by(/ECDSA/),
  aECDSA: by(/ECDSA/),
  ECDHE: by(/^TLS_ECDHE/),
  EECDH: by(/^TLS_ECDHE/),
  ECDH: by(/^TLS_ECDH/),
  kECDHE: by(/^TLS_ECDH/),
  kEECDH: by(/^TLS_ECDH/),
  DHE: by(/^TLS_DHE/),
  EDH: by(/^TLS_DHE/),
  DH: by(/^TLS_DH/),
  kDHE: by(/^TLS_DH/),
  kEDH: by(/^TLS_DH/),
  AES: by(/AES/),
  AES128: by(/AES_128/),
  AES256: by(/AES_256/),
  AESGCM: by(/AES.*GCM/),
  AESCCM: by(/CCM/),
  AESCCM8: by(/CCM_8/),
  CBC: by(/CBC/),
  CHACHA20: by(/CHACHA20/),
  "3DES": by(/3DES/),
  RC4: by(/RC4/),
  MD5: by(/_MD5$/),
  SHA: by(/_SHA$/),
  SHA1: by(/_SHA$/),
  SHA256: by(/(CBC|NULL)_SHA256$/),
  SHA384: by(/CBC_SHA384$/),
  "TLSv1.2": since("TLSv1.2"),
  "TLSv1.0": since("TLSv1"),
  TLSv1: since("TLSv1"),
  SSLv3: since("SSLv3"),
  ...Object.fromEntries(
    ("LOW EXP EXPORT EXPORT40 EXPORT56 DES RC2 SSLv2 SEED IDEA CAMELLIA CAMELLIA128 CAMELLIA256 ARIA ARIAGCM " +
      "ARIA128 ARIA256 PSK kPSK aPSK kECDHEPSK kDHEPSK kRSAPSK SRP kSRP aSRP DSS aDSS KRB5 GOST kGOST aGOST " +
      "kDH kDHr kDHd kECDH kECDHr kECDHe aECDH").split(" ").map((word) => [word, none]),
  ),
};

/** Broken suites are meant by their names and by these words alone, where OpenSSL counts some of them in others as well. */
const broken = by(/RC4|3DES|NULL/);
const brokenWords = ["RC4", "3DES", "MEDIUM", "NULL", "eNULL", "COMPLEMENTOFALL"];
const meansBroken = (what: string): boolean =>
  isRegistered(what) || what.split("+").some((word) => brokenWords.includes(word));

/**
 * The cipher suites of a list in OpenSSL's syntax: names (OpenSSL's or IANA's), words such as `HIGH` and `ECDHE+AESGCM`, and
 * `!`, `-` and `+` in front of either. As in Node, the suites of TLS 1.3 are those that are named, and none if none is.
 * Throws InvalidOption for what it does not know. `@STRENGTH` and `@SECLEVEL` change nothing: the first has no use where
 * every suite has a place, and strength is for the other options to say.
 */
export const cipherSuites = (list: string): ReadonlyArray<CipherSuite> => {
  let chosen: ReadonlyArray<Named> = [];
  const banned = new Set<Named>();
  for (const rule of list.split(/[:, ]+|(?=@)/)) {
    if (rule === "" || /^@(STRENGTH|SECLEVEL=[0-5])$/.test(rule)) continue;
    const [, how = "", what = ""] = /^([!+-]?)(.*)$/.exec(rule)!;
    const all = suitesOf(what, list);
    const meant = how === "" && !meansBroken(what) ? all.filter((one) => !broken(one)) : all;
    const others = chosen.filter((one) => !meant.includes(one));
    if (how === "!") meant.forEach((one) => banned.add(one));
    chosen = how === "+"
      ? [...others, ...chosen.filter((one) => meant.includes(one))]
      : how === ""
      ? [...chosen, ...meant.filter((one) => !chosen.includes(one))]
      : others;
  }
  const left = chosen.filter((one) => !banned.has(one));
  if (left.length === 0) throw fault(list, "no cipher suite is left of it");
  return left.map(({ suite }) => suite);
};

/** The suites that a name stands for, or a word, or several words of which all must hold. */
const suitesOf = (what: string, list: string): ReadonlyArray<Named> => {
  const one = every.find(({ iana, openssl }) => iana === what || openssl === what);
  if (one) return [one];
  if (isRegistered(what)) return [];
  const all = what.split("+").map((word) => Object.hasOwn(words, word) ? words[word] : undefined);
  return older.filter((suite) =>
    all.every((fits) => {
      if (fits) return fits(suite);
      throw fault(
        list,
        `${JSON.stringify(what)} is no cipher suite and no word for several that is known here`,
      );
    })
  );
};

/** Suites that exist, and that this library lacks: a list may name them, as it may for an OpenSSL without them. */
const registered = new Set(
  Object.keys(CipherSuite.members).flatMap((iana) => [iana, opensslName(iana)]),
);
const isRegistered = (name: string): boolean => registered.has(name) || /^(.*-)?(PSK|SRP)-/.test(name);

const fault = (list: string, fault: string): InvalidOption =>
  new InvalidOption({
    option: "ciphers",
    expected: "a list of cipher suites as OpenSSL has it",
    got: list,
    fault,
  });

/** The names of all cipher suites, in lower case, as Node has them. */
export const getCiphers = (): Array<string> => every.map(({ openssl }) => openssl.toLowerCase()).toSorted();

/** The cipher suites unless others are given, as OpenSSL's list. */
export const DEFAULT_CIPHERS: string = Policy.compatible.cipherSuites.map((suite) => named(suite).openssl)
  .join(":");
