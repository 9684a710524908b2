import { disks, localDisk } from "../unit/server/stores/json/place.ts";
import { invitesContract } from "./invites-contract.ts";
import { jsonPlace as place } from "./json-place.ts";
import { operationsContract } from "./operations-contract.ts";
import { refillContract } from "./refill-contract.ts";
import { storeContract } from "./store-contract.ts";
import { storeModel } from "./store-model.ts";

for (const { name, files } of disks) {
  storeContract(`JSON files on ${name}`, () => place(files));
  storeModel(`JSON files on ${name}`, () => place(files));
  invitesContract(`JSON files on ${name}`, () => place(files));
  operationsContract(`JSON files on ${name}`, () => place(files));
  refillContract(`JSON files on ${name}`, () => place(files));
}

storeContract("JSON files of version 2", () => place(localDisk.files, true));
storeModel("JSON files of version 2", () => place(localDisk.files, true));
invitesContract("JSON files of version 2", () => place(localDisk.files, true));
operationsContract("JSON files of version 2", () => place(localDisk.files, true));
refillContract("JSON files of version 2", () => place(localDisk.files, true));

storeModel("JSON files that are compacted again and again", () => place(localDisk.files, false, true), 30);
refillContract("JSON files that are compacted again and again", () => place(localDisk.files, false, true));
