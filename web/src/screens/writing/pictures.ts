/* Pictures of signatures and templates are in their HTML: so they are few and small. */
const WIDEST = 640;
const LARGEST = 120_000;

function toDataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("unreadable"));
    reader.readAsDataURL(blob);
  });
}

async function scaled(file: Blob, width: number, type: string): Promise<Blob | null> {
  const picture = await createImageBitmap(file);
  const factor = Math.min(1, width / picture.width);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * factor));
  canvas.height = Math.max(1, Math.round(picture.height * factor));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve) => canvas.toBlob(resolve, type, 0.85));
}

/* The picture as a data: address, made smaller where it has to be; null: it is none, or too large whatever is done. */
export async function pictureAddress(file: File): Promise<string | null> {
  const keeps = /^image\/(?:png|jpeg|gif|webp)$/.test(file.type);
  try {
    if (keeps && file.size <= LARGEST / 2) return await toDataUrl(file);
    for (const [width, type] of [[WIDEST, "image/png"], [WIDEST, "image/jpeg"], [WIDEST / 2, "image/jpeg"]] as const) {
      const smaller = await scaled(file, width, type);
      if (smaller && smaller.size <= LARGEST) return await toDataUrl(smaller);
    }
  } catch {
    return null;
  }
  return null;
}

/* The file that a data: address holds. */
export function fileOfAddress(address: string, name: string): File | null {
  const match = /^data:(image\/(png|jpeg|gif|webp));base64,([A-Za-z0-9+/=]+)$/i.exec(address);
  if (!match) return null;
  try {
    const bytes = Uint8Array.from(atob(match[3]!), (letter) => letter.charCodeAt(0));
    return new File([bytes], `${name}.${match[2]!.toLowerCase()}`, { type: match[1]!.toLowerCase() });
  } catch {
    return null;
  }
}
