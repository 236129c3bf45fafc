/*
 * sha256.c - SHA-256 through OpenSSL; the algorithm is looked up once, for looking up costs more than a page.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "report.h"

/* Fetched at first use, for the life of the program. */
static const EVP_MD *algorithm(void)
{
    static EVP_MD *sha256;
    if (sha256 == NULL)
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    return sha256;
}

static int fail(struct gw_err *err)
{
    return gw_fail(err, GW_E_USAGE, "this OpenSSL cannot make SHA-256 hashes");
}

int gw_sha256_begin(struct gw_err *err)
{
    return algorithm() != NULL ? 0 : fail(err);
}

int gw_sha256(const void *mem, size_t len, uint8_t out[GW_SHA256_LEN], struct gw_err *err)
{
    const EVP_MD *sha256 = algorithm();
    return sha256 != NULL && EVP_Digest(mem, len, out, NULL, sha256, NULL) == 1 ? 0 : fail(err);
}

void gw_hex(char *out, const uint8_t *mem, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[mem[i] >> 4];
        out[2 * i + 1] = digits[mem[i] & 15];
    }
    out[2 * len] = '\0';
}

const char *gw_sha256_library(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}
