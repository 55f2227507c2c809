/** Finds and opens OpenSSL's libcrypto. @module */
import { Effect } from "../../../deps.ts";
import { wordsOf } from "../../../wire/words_of.ts";
import { type Symbols, symbols } from "./symbols.ts";
import { OpenSslUnavailable } from "./unavailable.ts";

/** Where systems keep OpenSSL 3. Never a bare name: macOS would end the program. */
const usual: Readonly<Record<string, ReadonlyArray<string>>> = {
  linux: [
    "/usr/lib/x86_64-linux-gnu/libcrypto.so.3", // Debian, Ubuntu
    "/usr/lib/aarch64-linux-gnu/libcrypto.so.3",
    "/usr/lib64/libcrypto.so.3", // Fedora, RHEL, openSUSE
    "/usr/lib/libcrypto.so.3", // Alpine, Arch
    "/lib/libcrypto.so.3",
  ],
  darwin: [
    "/opt/homebrew/opt/openssl@3/lib/libcrypto.3.dylib", // Homebrew
    "/usr/local/opt/openssl@3/lib/libcrypto.3.dylib",
  ],
};

/** The libraries that are open. They stay so: keys and contexts in them are freed when nobody needs them any more. */
const open = new Map<string, Symbols>();

/** Opens a library, or the first of the usual ones that is OpenSSL 3. Fails with OpenSslUnavailable. */
export const openLibrary = (library?: string): Effect.Effect<Symbols, OpenSslUnavailable> =>
  Effect.suspend(() => {
    const tried: Array<string> = [];
    for (const path of library === undefined ? usual[Deno.build.os] ?? [] : [library]) {
      const known = open.get(path);
      if (known) return Effect.succeed(known);
      const opened = attempt(path);
      if (typeof opened === "string") tried.push(`${path}: ${opened}`);
      else {
        open.set(path, opened);
        return Effect.succeed(opened);
      }
    }
    if (tried.length === 0) tried.push(`nobody knows where ${Deno.build.os} keeps it`);
    return Effect.fail(new OpenSslUnavailable({ tried }));
  });

const attempt = (path: string): Symbols | string => {
  try {
    const library = Deno.dlopen(path, symbols);
    const major = library.symbols.OPENSSL_version_major();
    if (major === 3) return library.symbols;
    library.close();
    return `it is OpenSSL ${major}, and 3 is wanted`;
  } catch (e) {
    return wordsOf(e);
  }
};
