/** vsftpd, a server of FTP with TLS on both of its connections. @module */
import { Effect } from "../../deps.ts";
import { place, serve, type ServerOptions } from "./place.ts";

/** For `withPeer`. */
export const PROGRAM = "vsftpd";

/** The options of vsftpd. */
export interface VsftpdOptions extends ServerOptions {
  /** Whether a data connection must resume the session of its control connection; `false` unless given. */
  readonly requireReuse?: boolean | undefined;
}

/** vsftpd for anybody (`USER anonymous`), who must use TLS. It has one file, `hello.txt`, with the line `hello`. */
export const vsftpd = ({ requireReuse = false, ...options }: VsftpdOptions = {}) =>
  Effect.gen(function* () {
    const at = yield* place(options);
    const { folder, port } = at;
    yield* Effect.promise(async () => {
      // Whoever is anonymous may not own the folder that he sees.
      await Deno.chmod(folder, 0o755);
      await Deno.mkdir(`${folder}/files`, { mode: 0o755 });
      await Deno.mkdir(`${folder}/empty`, { mode: 0o755 });
      await Deno.writeTextFile(`${folder}/files/hello.txt`, "hello\n", { mode: 0o644 });
    });
    const settings = {
      listen: "YES",
      listen_address: "127.0.0.1",
      listen_port: port,
      background: "NO",
      seccomp_sandbox: "NO",
      secure_chroot_dir: `${folder}/empty`,
      anonymous_enable: "YES",
      no_anon_password: "YES",
      anon_root: `${folder}/files`,
      pasv_address: "127.0.0.1",
      xferlog_enable: "NO",
      ssl_enable: "YES",
      allow_anon_ssl: "YES",
      force_anon_logins_ssl: "YES",
      force_anon_data_ssl: "YES",
      require_ssl_reuse: requireReuse ? "YES" : "NO",
      rsa_cert_file: at.certificate,
      rsa_private_key_file: at.privateKey,
    };
    const file = yield* at.write(
      "vsftpd.conf",
      Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join(""),
    );
    // It reads no settings of others.
    if (at.user.uid !== undefined) yield* Effect.promise(() => Deno.chown(file, 0, 0));
    return yield* serve(at, PROGRAM, [file]);
  });
