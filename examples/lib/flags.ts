/** The flags of the example programs, and what they mean. @module */
import { parseArgs } from "node:util";
import * as Either from "npm:effect@^3.22.4/Either";
import { Names, Policy } from "../../mod.ts";

/** A flag that can't be understood; the program says so and exits with 2. */
export class UsageError extends Error {}

/** One flag: what it takes (`undefined`: nothing), whether it may come more than once, and what it is for. */
export interface Flag {
  readonly takes?: string;
  readonly repeats?: true;
  readonly help: string;
}

/** A program's flags by name. */
export type Flags = Readonly<Record<string, Flag>>;

/** Flags that both programs have. */
export const common = {
  policy: { takes: "modern|compatible|legacy", help: "what to speak (modern)" },
  versions: { takes: "ssl3.0,tls1.0,…", help: "only these versions: ssl3.0, tls1.0, tls1.1, tls1.2" },
  "cipher-suites": { takes: "IANA,…", help: "only these cipher suites, the best first" },
  groups: { takes: "x25519,…", help: "only these groups, the best first" },
  compression: { takes: "null,deflate", help: "how records may be compressed, the best first" },
  "no-tickets": { help: "no session tickets: resumption by session ID alone" },
  renegotiation: {
    takes: "allow|refuse|close|ignore",
    help:
      "what becomes of the peer's wish to renegotiate (refuse; allow with --renegotiate or an older policy)",
  },
  "insecure-renegotiation": { help: "renegotiate also with a peer that does not know RFC 5746" },
  alpn: { takes: "NAME,…", help: "application protocols, the best first" },
  cert: {
    takes: "FILE",
    repeats: true,
    help: "our certificate chain (PEM); again with another --key, the peer gets the one that fits",
  },
  key: { takes: "FILE", repeats: true, help: "its private key (PEM: PKCS#8, PKCS#1, SEC 1)" },
  "key-pass": {
    takes: "env:NAME|file:FILE",
    help:
      "the passphrase of encrypted keys, from a variable or a file's first line: never from here, where all see it",
  },
  "session-store": {
    takes: "none|memory",
    help: "where sessions are kept; none: nothing is resumed (memory)",
  },
  crypto: {
    takes: "native|noble",
    help: "the provider of cryptography: the platform's own, or portable (native)",
  },
  "key-log": { takes: "FILE", help: "append each master secret, for Wireshark: whoever has it reads all" },
  json: { help: "one JSON object a line on stdout" },
  help: { help: "this text" },
} as const satisfies Flags;

/** What was given: flags by name, and what is not a flag. */
export interface Given {
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** Of the flags that may come more than once, all that they say, in order. */
  readonly repeated: Readonly<Record<string, ReadonlyArray<string>>>;
  readonly rest: ReadonlyArray<string>;
}

/** Reads the command line. Throws UsageError. */
export const parse = (flags: Flags, args: ReadonlyArray<string>): Given => {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(flags).map((
          [name, f],
        ) => [name, { type: f.takes ? "string" : "boolean", multiple: true } as const]),
      ),
    });
    const all = Object.entries(values).map(([name, value]) =>
      [name, [value].flat().map((one) => one === true ? "" : String(one))] as const
    );
    const twice = all.find(([name, said]) => said.length > 1 && !flags[name]?.repeats);
    if (twice) throw new UsageError(`--${twice[0]} is given more than once`);
    return {
      flags: Object.fromEntries(all.map(([name, said]) => [name, said.at(-1)])),
      repeated: Object.fromEntries(all),
      rest: positionals,
    };
  } catch (e) {
    throw new UsageError(e instanceof Error ? e.message : String(e));
  }
};

/** The text of `--help`. */
export const help = (usage: string, about: string, flags: Flags): string => {
  const left = Object.entries(flags).map(([name, f]) => [`--${name}${f.takes ? ` ${f.takes}` : ""}`, f.help]);
  const width = Math.max(...left.map(([l]) => l!.length));
  return [about, "", `usage: ${usage}`, "", ...left.map(([l, r]) => `  ${l!.padEnd(width)}  ${r}`)].join(
    "\n",
  );
};

/** The items of a list with commas; none is empty. */
export const list = (text: string): ReadonlyArray<string> =>
  text.split(",").map((s) => s.trim()).filter((s) => s);

/** What a word stands for. Throws UsageError for one that is not known. */
export const oneOf = <A>(flag: string, known: Readonly<Record<string, A>>, text: string): A => {
  if (Object.hasOwn(known, text)) return known[text]!;
  const words = Object.keys(known);
  const last = words.pop();
  throw new UsageError(
    `--${flag}: ${JSON.stringify(text)}; give ${words.length > 0 ? `${words.join(", ")} or ` : ""}${last}`,
  );
};

/** For a program that takes nothing but flags. Throws UsageError. */
export const noArguments = ({ rest: [first] }: Given): void => {
  if (first !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(first)}`);
};

const policies = { modern: Policy.modern, compatible: Policy.compatible, legacy: Policy.legacy };
const versions: Record<string, Names.ProtocolVersion> = {
  "ssl3.0": Names.ProtocolVersion.SSL_3_0,
  "tls1.0": Names.ProtocolVersion.TLS_1_0,
  "tls1.1": Names.ProtocolVersion.TLS_1_1,
  "tls1.2": Names.ProtocolVersion.TLS_1_2,
};
// Those that encrypt nothing, or to nobody knows whom, are in no policy and can be named here.
const suites = Object.fromEntries(
  Policy.everySuite.map((id): [string, Names.CipherSuite] => [Names.CipherSuite.nameOf(id), id]),
);
const groups = Object.fromEntries(
  Policy.modern.groups.map((id): [string, Names.NamedGroup] => [Names.NamedGroup.nameOf(id), id]),
);

const compressionMethods: Record<string, Names.CompressionMethod> = {
  null: Names.CompressionMethod.null,
  deflate: Names.CompressionMethod.DEFLATE,
};
const renegotiation = { allow: "allow", refuse: "refuse", close: "close", ignore: "ignore" } as const;

/** The name of the policy that the others begin with. Throws UsageError. */
export const policyNameOf = ({ flags }: Given): keyof typeof policies =>
  oneOf(
    "policy",
    { modern: "modern", compatible: "compatible", legacy: "legacy" } as const,
    flags["policy"] ?? "modern",
  );

/** The policy that the flags name. Throws UsageError for a name that is none of ours. */
export const policyOf = (given: Given): Policy.Policy => {
  const { flags } = given;
  const base = policies[policyNameOf(given)];
  const named = <A>(flag: string, known: Readonly<Record<string, A>>, otherwise: ReadonlyArray<A>) =>
    flags[flag] === undefined ? otherwise : list(flags[flag]).map((name) => oneOf(flag, known, name));
  const policy = Policy.decode({
    ...base,
    versions: named("versions", versions, base.versions),
    cipherSuites: named("cipher-suites", suites, base.cipherSuites),
    groups: named("groups", groups, base.groups),
    compressionMethods: named("compression", compressionMethods, base.compressionMethods),
    sessionTickets: flags["no-tickets"] === undefined,
    renegotiation: oneOf(
      "renegotiation",
      renegotiation,
      flags["renegotiation"] ?? (flags["renegotiate"] === undefined ? base.renegotiation : "allow"),
    ),
    insecureRenegotiation: flags["insecure-renegotiation"] !== undefined,
    requireSecureRenegotiation: flags["no-secure-renegotiation"] === undefined &&
      base.requireSecureRenegotiation,
    limits: { ...base.limits, sessionLifetime: 1000 * numberOf(given, "session-ttl", 86_400) },
  });
  return Either.getOrThrowWith(policy, ({ message }) => new UsageError(message));
};

/** `--client-auth`, or another flag that says the same of another moment. Throws UsageError. */
export const clientAuthOf = (
  { flags }: Given,
  flag: "client-auth" | "renegotiate-client-auth" = "client-auth",
): "none" | "request" | "require" =>
  oneOf(
    flag,
    { none: "none", request: "request", require: "require" } as const,
    flags[flag] ?? flags["client-auth"] ?? "none",
  );

/** The application protocols that the flags name. */
export const alpnOf = ({ flags }: Given): ReadonlyArray<string> => list(flags["alpn"] ?? "");

/** A whole number. Throws UsageError. */
export const numberOf = ({ flags }: Given, flag: string, otherwise: number): number => {
  const text = flags[flag];
  if (text === undefined) return otherwise;
  const n = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(n)) return n;
  throw new UsageError(`--${flag}: ${text} is not a whole number`);
};

/** A whole number of which there must be one at least. Throws UsageError. */
export const positiveOf = (given: Given, flag: string, otherwise: number): number => {
  const n = numberOf(given, flag, otherwise);
  if (given.flags[flag] === undefined || n > 0) return n;
  throw new UsageError(`--${flag}: must be more than 0`);
};

/** `HOST:PORT`, `[v6]:PORT` or `HOST`. Throws UsageError. */
export const addressOf = (text: string, otherwise: number): { hostname: string; port: number } => {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? otherwise);
  const hostname = match?.[1] ?? match?.[2];
  if (hostname === undefined || port > 65535) throw new UsageError(`${text} is not HOST:PORT`);
  if (port === 0) throw new UsageError(`${text}: nobody can be reached at port 0`);
  return { hostname, port };
};
