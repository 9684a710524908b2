import { createPrivateKey, X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { errorCode } from "../../disk/errors.ts";
import { openRegular } from "../../disk/regular-file.ts";
import { BadSettings } from "../core/startup-error.ts";

/** Paths of PEM files. */
export interface PairFiles {
  /** The server's certificate, and then those that lead to its authority. */
  cert: string;
  key: string;
}

/** The content of {@link PairFiles}. */
export interface Pair {
  cert: string;
  key: string;
}

/** What TLS is like with a pair (docs/server.md#tls). */
export const tlsOptions = ({ cert, key }: Pair) => ({ cert, key, minVersion: "TLSv1.2" }) as const;

const codeOf = (error: unknown) => errorCode(error) ?? "unknown error";

async function read(what: string, path: string): Promise<string> {
  try {
    const file = await openRegular(path, constants.O_RDONLY);
    try {
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    const hint = "Name a file that the user of the server may read.";
    throw new BadSettings(`The ${what} ${path} cannot be read (${codeOf(error)}).`, hint, error);
  }
}

function certificateOf(cert: string, path: string): X509Certificate {
  try {
    return new X509Certificate(cert);
  } catch (error) {
    const hint = "It must be in PEM, and the server's own certificate comes first.";
    throw new BadSettings(`${path} has no certificate.`, hint, error);
  }
}

function keyOf(key: string, path: string) {
  try {
    return createPrivateKey(key);
  } catch (error) {
    // "BEGIN ENCRYPTED PRIVATE KEY", or "Proc-Type: 4,ENCRYPTED" in the older form.
    if (key.includes("ENCRYPTED"))
      throw new BadSettings(
        `The key ${path} is encrypted.`,
        `Decrypt it: openssl pkey -in ${path} -out KEY.pem`,
        error,
      );
    throw new BadSettings(`${path} has no private key.`, "It must be in PEM.", error);
  }
}

/** Reads the files as they are. Rejects with BadSettings. */
export async function readFiles(files: PairFiles): Promise<Pair> {
  // One after the other: if both are missing, the certificate is named.
  const cert = await read("certificate", files.cert);
  return { cert, key: await read("key", files.key) };
}

/** Throws BadSettings, which quotes nothing of the files, unless the pair fits together. */
export function checkPair(files: PairFiles, { cert, key }: Pair): void {
  if (!certificateOf(cert, files.cert).checkPrivateKey(keyOf(key, files.key)))
    throw new BadSettings(
      `The key ${files.key} does not belong to the certificate ${files.cert}.`,
      "Name the key with which the certificate was requested. The server's own certificate must be the first of its file.",
    );
  try {
    createSecureContext(tlsOptions({ cert, key }));
  } catch (error) {
    const hint = "Make a new pair, with an RSA key of at least 2048 bits or an EC key.";
    throw new BadSettings(
      `OpenSSL does not take ${files.cert} and ${files.key} (${codeOf(error)}).`,
      hint,
      error,
    );
  }
}

/** Reads a pair that fits together. Rejects with BadSettings. */
export async function readPair(files: PairFiles): Promise<Pair> {
  const pair = await readFiles(files);
  checkPair(files, pair);
  return pair;
}

export const validUntil = ({ cert }: Pair): string => new X509Certificate(cert).validTo;

/** For the operator, if clients refuse the certificate at this time (ms since the epoch). */
export function expiryWarning({ cert }: Pair, now: number): string | undefined {
  const { validFrom, validTo } = new X509Certificate(cert);
  if (now > Date.parse(validTo)) return `The certificate expired on ${validTo}. Clients refuse it.`;
  if (now < Date.parse(validFrom)) return `The certificate is valid from ${validFrom} on. Clients refuse it.`;
  return undefined;
}

/** A host under which clients trust the certificate: the one that the server listens on, else its first name. */
export function trustedHost({ cert }: Pair, host: string): string {
  const certificate = new X509Certificate(cert);
  if ((isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined) return host;
  return /(?:^|, )DNS:([^*,"]+)(?:,|$)/.exec(certificate.subjectAltName ?? "")?.[1] ?? host;
}
