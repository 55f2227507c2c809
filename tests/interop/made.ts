/** What must be made before some peers can start: Java's classes and stores, NSS's database, programs on mbedTLS and wolfSSL. @module */
import { Effect } from "../deps.ts";
import { certificates, repository, start, temporary } from "./peers.ts";

/** Makes something in a folder at its first use; both are gone with the process. */
const once = <A>(make: (folder: string) => Effect.Effect<A>): Effect.Effect<A> => {
  let made: Promise<A> | undefined;
  const begin = async (): Promise<A> => {
    const folder = await Deno.makeTempDir();
    globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
    return await Effect.runPromise(make(folder));
  };
  return Effect.promise(() => made ??= begin());
};

/** Runs a program to its end, which must be a good one; its output. */
export const run = (program: string, ...args: ReadonlyArray<string>) =>
  Effect.scoped(Effect.gen(function* () {
    const peer = yield* start(program, args);
    yield* peer.endInput;
    const code = yield* peer.ended;
    if (code !== 0) yield* Effect.dieMessage(`${program} ${args.join(" ")}: ${peer.output()}`);
    return peer.output();
  }));

/** A PKCS#12 file of a certificate, its key and the root. */
export const p12 = (folder: string, kind: string, name: string) =>
  Effect.as(
    run(
      "openssl",
      ...["pkcs12", "-export", "-name", name, "-passout", "pass:changeit"],
      ...["-in", `${certificates}/${kind}.pem`, "-inkey", `${certificates}/${kind}.key`],
      ...["-certfile", `${certificates}/root.pem`, "-out", `${folder}/${kind}.p12`],
    ),
    `${folder}/${kind}.p12`,
  );

/** The peer on Java, and the store of the roots that it trusts. */
export const java = once((folder) =>
  Effect.gen(function* () {
    yield* run("javac", "-d", folder, `${repository}tests/interop/java/Peer.java`);
    const trust = `${folder}/trust.p12`;
    yield* run(
      "keytool",
      ...["-importcert", "-noprompt", "-storetype", "PKCS12", "-storepass", "changeit", "-alias", "root"],
      ...["-file", `${certificates}/root.pem`, "-keystore", trust],
    );
    const peer = (options: ReadonlyArray<string>, ...args: ReadonlyArray<string>) =>
      start("java", [...options, "-cp", folder, "Peer", ...args]);
    return { folder, trust, peer };
  })
);

/** Without it JSSE resumes nothing in SSL 3.0, which has none. */
export const noEms = ["-Djdk.tls.useExtendedMasterSecret=false"];

/** A database of NSS with these certificates; it shows one of its own choice to whoever asks. */
export const nss = (...kinds: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const folder = yield* temporary;
    const db = `sql:${folder}`;
    yield* run("certutil", "-N", "-d", db, "--empty-password");
    yield* run("certutil", "-A", "-d", db, "-n", "ca", "-t", "CT,C,C", "-i", `${certificates}/root.pem`);
    for (const kind of kinds) {
      const file = yield* p12(folder, kind, kind);
      yield* run("pk12util", "-i", file, "-d", db, "-W", "changeit", "-K", "");
    }
    return { db, folder };
  });

/** The suites as NSS numbers them: RSA and DHE with RC4, 3DES and AES-CBC, and ECDHE with AES. */
export const NSS_SUITES = ":000A:0005:0004:002F:0035:0033:0039:0016:C013:C014";

/** The peer on mbedTLS, and files of certificate and key as it takes them. */
export const mbedtls = once((folder) =>
  Effect.gen(function* () {
    const program = `${folder}/mbedtls`;
    yield* run(
      "gcc",
      ...["-o", program, `${repository}tests/interop/c/mbedtls.c`],
      ...["-lmbedtls", "-lmbedx509", "-lmbedcrypto"],
    );
    const both = (kind: string) =>
      Effect.promise(async () => {
        const file = `${folder}/${kind}.both`;
        const read = (end: string) => Deno.readTextFile(`${certificates}/${kind}.${end}`);
        await Deno.writeTextFile(file, await read("pem") + await read("key"));
        return file;
      });
    return { program, both };
  })
);

/** The peer on wolfSSL, a program. */
export const wolfssl = once((folder) =>
  Effect.as(
    run("gcc", "-o", `${folder}/wolfssl`, `${repository}tests/interop/c/wolfssl.c`, "-lwolfssl"),
    `${folder}/wolfssl`,
  )
);
