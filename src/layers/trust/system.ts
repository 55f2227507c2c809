/** Trust in the root certificates of the operating system or of the runtime. @module */
import { Effect, Either, Layer } from "../../deps.ts";
import { SystemRootsError } from "../../faults/errors/trust.ts";
import { CertificateVerifier } from "../../ports/trust.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { wordsOf } from "../../wire/words_of.ts";
import { blocksIn, parsePem } from "../../x509/pem.ts";
import { rootsWithSource } from "./trust_in_roots.ts";

/**
 * Trusts the system's root certificates: the file that SSL_CERT_FILE names, or else the first of the usual files that
 * is usable. Needs `--allow-read` for the files; without `--allow-env`, SSL_CERT_FILE is ignored. Fails with
 * SystemRootsError.
 */
export const layerSystem: Layer.Layer<CertificateVerifier, SystemRootsError> = Layer.effect(
  CertificateVerifier,
  Effect.gen(function* () {
    const named = yield* Effect.orElseSucceed(
      Effect.try(() => Deno.env.get("SSL_CERT_FILE")),
      () => undefined,
    );
    const tried: Array<string> = [];
    for (const file of named ? [named] : files) {
      const roots = yield* Effect.either(rootsIn(file));
      if (Either.isRight(roots)) return yield* Effect.orDie(rootsWithSource(roots.right));
      tried.push(`${file}: ${roots.left}`);
    }
    return yield* new SystemRootsError({ tried });
  }),
);

/**
 * Trusts the root certificates that come with the runtime; Deno's are Mozilla's and change with its version. No file
 * is read, so the same roots are trusted everywhere. Deno gives them only with `--allow-sys`. Fails with
 * SystemRootsError.
 */
export const layerBundled: Layer.Layer<CertificateVerifier, SystemRootsError> = Layer.effect(
  CertificateVerifier,
  Effect.gen(function* () {
    // Looked up at run time, so that this module can be imported where `node:tls` does not exist.
    const { process } = globalThis as { readonly process?: Runtime };
    const untold = (why: string) => new SystemRootsError({ tried: [`the runtime: ${why}`] });
    const pem = yield* Effect.try({
      try: () => (process?.getBuiltinModule?.("node:tls")?.rootCertificates ?? []).join("\n"),
      catch: (thrown) => untold(wordsOf(thrown)),
    });
    if (pem === "") return yield* untold("it has none");
    const blocks = yield* Either.mapLeft(parsePem(pem), ({ message }) => untold(message));
    return yield* Effect.orDie(rootsWithSource(blocks.map(({ bytes }) => bytes)));
  }),
);

/** The part of `process` in Deno and Node that is used here. */
interface Runtime {
  readonly getBuiltinModule?: (
    name: string,
  ) => { readonly rootCertificates?: ReadonlyArray<string> } | undefined;
}

/** Where systems keep their root certificates. */
const files = [
  "/etc/ssl/certs/ca-certificates.crt", // Debian, Arch, Gentoo
  "/etc/pki/tls/certs/ca-bundle.crt", // Fedora, RHEL
  "/etc/ssl/ca-bundle.pem", // openSUSE
  "/etc/ssl/cert.pem", // Alpine, macOS, OpenBSD
  "/usr/local/share/certs/ca-root-nss.crt", // FreeBSD
];

/** The certificates in a file, unparsed. Blocks that cannot be decoded are passed over while there are others. */
const rootsIn = (file: string): Effect.Effect<ReadonlyArray<Bytes>, string> =>
  Effect.flatMap(Effect.tryPromise({ try: () => Deno.readFile(file), catch: String }), (content) => {
    const found = blocksIn(content);
    const roots = found.flatMap((one) =>
      Either.isRight(one) && one.right.label === "CERTIFICATE" && !one.right.limited ? [one.right.bytes] : []
    );
    const damaged = found.find(Either.isLeft);
    return roots.length > 0
      ? Effect.succeed(roots)
      : Effect.fail(damaged ? damaged.left.message : "it holds no certificate");
  });
