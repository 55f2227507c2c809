/** Postfix, which begins TLS in SMTP. @module */
import { Effect } from "../../deps.ts";
import { place, serve, type ServerOptions } from "./place.ts";

/** For `withPeer`. Postfix's own script would look through folders for seconds, so that its master is started without it. */
export const PROGRAM = "/usr/lib/postfix/sbin/master";

/** The folders of the queue, and whose they are. */
const QUEUE = {
  root: ["pid"],
  postfix: [
    ...["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "public"],
    ...["saved", "trace", "maildrop"],
  ],
};

/** Postfix, which takes mail for `example.org` after STARTTLS, and discards it. It must be started by root. */
export const postfix = (options?: ServerOptions) =>
  Effect.gen(function* () {
    const at = yield* place(options);
    const { folder, port } = at;
    const directory = (name: string) =>
      Effect.promise(() => Deno.mkdir(`${folder}/${name}`, { mode: 0o755 }).then(() => `${folder}/${name}`));
    const config = yield* directory("config");
    const settings = {
      compatibility_level: "3.6",
      queue_directory: yield* directory("queue"),
      data_directory: yield* directory("data"),
      maillog_file: "/dev/stdout",
      inet_interfaces: "127.0.0.1",
      myhostname: "mail.example.org",
      mydestination: "",
      relay_domains: "example.org",
      default_transport: "discard",
      relay_transport: "discard",
      mynetworks: "127.0.0.0/8",
      smtpd_tls_security_level: "encrypt",
      smtpd_tls_cert_file: at.certificate,
      smtpd_tls_key_file: at.privateKey,
    };
    yield* at.write(
      "config/main.cf",
      Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`).join(""),
    );
    const services = [
      `127.0.0.1:${port} inet n - n - - smtpd`,
      "pickup unix n - n 60 1 pickup",
      "cleanup unix n - n - 0 cleanup",
      "qmgr unix n - n 300 1 qmgr",
      "tlsmgr unix - - n 1000? 1 tlsmgr",
      "rewrite unix - - n - - trivial-rewrite",
      ...["bounce", "defer", "trace"].map((name) => `${name} unix - - n - 0 bounce`),
      "verify unix - - n - 1 verify",
      "proxymap unix - - n - - proxymap",
      "error unix - - n - - error",
      "retry unix - - n - - error",
      "discard unix - - n - - discard",
      "anvil unix - - n - 1 anvil",
      "scache unix - - n - 1 scache",
      "postlog unix-dgram n - n - 1 postlogd",
    ];
    yield* at.write("config/master.cf", `${services.join("\n")}\n`);
    yield* Effect.promise(async () => {
      await Deno.chmod(folder, 0o755);
      const owner = new Deno.Command("id", { args: ["-u", "postfix"] }).outputSync();
      const uid = Number(new TextDecoder().decode(owner.stdout));
      for (const name of QUEUE.root) await Deno.mkdir(`${folder}/queue/${name}`);
      for (const name of QUEUE.postfix) {
        await Deno.mkdir(`${folder}/queue/${name}`);
        await Deno.chown(`${folder}/queue/${name}`, uid, null);
      }
      await Deno.chown(`${folder}/data`, uid, null);
    });
    return yield* serve(at, "env", [`MAIL_CONFIG=${config}`, PROGRAM, "-s", "-c", config]);
  });
