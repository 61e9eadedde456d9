/* What every fuzzer defines (libFuzzer's interface). Returns 0; a finding aborts. */
#ifndef POSTROOM_FUZZ_FUZZ_H
#define POSTROOM_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
