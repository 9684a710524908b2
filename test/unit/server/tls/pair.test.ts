import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { expiryWarning, readPair, trustedHost } from "../../../../src/server/tls/pair.ts";
import { createAuthority } from "../../../support/certificate.ts";
import { ownCertificate } from "../../../support/own-certificate.ts";

/** docs/server.md#tls */

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-pair-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const files = () => ({ cert: join(dir, "cert.pem"), key: join(dir, "key.pem") });
async function write(cert: string, key: string) {
  await writeFile(files().cert, cert);
  await writeFile(files().key, key);
  return files();
}

const pem = (bits: number, passphrase?: string) =>
  generateKeyPairSync("rsa", { modulusLength: bits })
    .privateKey.export({
      type: "pkcs8",
      format: "pem",
      ...(passphrase !== undefined && { cipher: "aes-256-cbc", passphrase }),
    })
    .toString();

test("reads a certificate with its chain, and its key", async () => {
  const authority = createAuthority();
  const { cert, key } = authority.issue("localhost");
  const chain = cert + authority.cert;
  expect(await readPair(await write(chain, key))).toEqual({ cert: chain, key });
});

const { cert, key } = ownCertificate;
const faults: [what: string, cert: string, key: string, message: RegExp][] = [
  ["a key in place of the certificate", key, key, /cert\.pem has no certificate/],
  ["a certificate in place of the key", cert, cert, /key\.pem has no private key/],
  ["an empty file", "", key, /cert\.pem has no certificate/],
  ["an encrypted key", cert, pem(2048, "secret"), /key\.pem is encrypted/],
  ["the key of another certificate", cert, pem(2048), /key\.pem does not belong to .*cert\.pem/],
  [
    "the authority before the server's own",
    createAuthority().cert + cert,
    key,
    /key\.pem does not belong to .*cert\.pem/,
  ],
];
test.each(faults)("refuses %s, and quotes nothing of it", async (_, cert, key, message) => {
  const failed = readPair(await write(cert, key));
  await expect(failed).rejects.toMatchObject({
    name: "StartupError",
    message: expect.stringMatching(message),
  });
  await expect(failed).rejects.not.toMatchObject({ message: expect.stringMatching(/BEGIN|MII/) });
});

test("refuses a file that is missing, and one that is none", async () => {
  await expect(readPair(files())).rejects.toThrow(/The certificate .*cert\.pem cannot be read \(ENOENT\)/);
  await writeFile(files().cert, cert);
  await mkdir(files().key);
  await expect(readPair(files())).rejects.toThrow(/The key .*key\.pem cannot be read \(EISDIR\)/);
});

test("warns of a certificate that is not valid now", () => {
  const at = (date: string) => expiryWarning(ownCertificate, Date.parse(date));
  expect(at("2019-12-31")).toMatch(/is valid from .*2020/);
  expect(at("2050-01-01")).toBeUndefined();
  expect(at("2120-01-02")).toMatch(/expired on .*2120/);
});

test("names a host that the certificate has", () => {
  for (const host of ["localhost", "127.0.0.1", "::1"]) expect(trustedHost(ownCertificate, host)).toBe(host);
  expect(trustedHost(ownCertificate, "0.0.0.0")).toBe("localhost");
  expect(trustedHost(createAuthority().issue("*.example.org"), "0.0.0.0")).toBe("0.0.0.0");
  expect(trustedHost(createAuthority().issue("127.0.0.2"), "0.0.0.0")).toBe("0.0.0.0");
});
