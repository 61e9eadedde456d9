import type accounts from "../../locales/en/accounts.json";
import type admin from "../../locales/en/admin.json";
import type common from "../../locales/en/common.json";
import type compose from "../../locales/en/compose.json";
import type folders from "../../locales/en/folders.json";
import type guide from "../../locales/en/guide.json";
import type letter from "../../locales/en/letter.json";
import type list from "../../locales/en/list.json";
import type microsoft from "../../locales/en/microsoft.json";
import type organise from "../../locales/en/organise.json";
import type problems from "../../locales/en/problems.json";
import type reader from "../../locales/en/reader.json";
import type settings from "../../locales/en/settings.json";
import type status from "../../locales/en/status.json";
import type writing from "../../locales/en/writing.json";

/* Every text has an identifier; a wrong one does not compile. */
export type MessageId =
  | keyof typeof accounts | keyof typeof admin | keyof typeof common | keyof typeof compose | keyof typeof folders | keyof typeof guide | keyof typeof letter | keyof typeof list
  | keyof typeof microsoft | keyof typeof organise | keyof typeof problems | keyof typeof reader | keyof typeof settings | keyof typeof status | keyof typeof writing;
