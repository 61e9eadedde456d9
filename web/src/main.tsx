import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App, createQueryClient } from "./app/App.tsx";
import { applyTheme, themeChoice } from "./app/theme.ts";
import { activateLanguage } from "./i18n/i18n.ts";
import { preferredLanguage, storedLanguage, whenLanguageStored } from "./i18n/languages.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/mail.css";
import "./styles/desk.css";
import "./styles/reader.css";
import "./styles/reading.css";
import "./styles/pages.css";
import "./styles/accounts.css";
import "./styles/organise.css";
import "./styles/people.css";
import "./styles/outbox.css";
import "./styles/writing.css";
import "./styles/forced.css";
import "./styles/print.css";

async function start(): Promise<void> {
  applyTheme(themeChoice());
  const speak = (): Promise<void> => activateLanguage(preferredLanguage(storedLanguage(), navigator.languages));
  await speak();
  whenLanguageStored(() => void speak());
  const root = document.getElementById("root");
  if (!root) throw new Error("index.html lacks its root");
  createRoot(root).render(<StrictMode><App client={createQueryClient()} /></StrictMode>);
}

void start();
