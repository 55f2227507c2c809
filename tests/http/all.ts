/** The tests of HTTP in one isolate, which loads undici and the library once. @module */

for (const { name } of Deno.readDirSync(new URL(".", import.meta.url))) {
  if (name.endsWith("_test.ts")) await import(`./${name}`);
}
