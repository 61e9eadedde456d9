export function MicrosoftPage() { return null; }
