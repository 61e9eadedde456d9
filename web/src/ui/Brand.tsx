/* The mark: an open envelope in a rounded square. */
export function Brand({ large = false }: { readonly large?: boolean }) {
  const size = large ? 40 : 26;
  return (
    <span className={large ? "brand brand-large" : "brand"}>
      <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
        <rect width="32" height="32" rx="8" className="brand-tile" />
        <path d="M7 11.5 16 18l9-6.5M7 10h18v12H7z" className="brand-line" />
      </svg>
      <span className="brand-name">Postroom</span>
    </span>
  );
}
