/*
 * sha256.c - SHA-256 through OpenSSL; the algorithm is looked up once, for looking up costs more than a page.
 */
#include <stdatomic.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "report.h"

/* Fetched at first use, for the life of the program. Threads may come at once: all but the first drop theirs. */
static const EVP_MD *algorithm(void)
{
    static _Atomic(EVP_MD *) sha256;
    EVP_MD *found = atomic_load(&sha256);
    if (found != NULL)
        return found;
    EVP_MD *fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (atomic_compare_exchange_strong(&sha256, &found, fetched))
        return fetched;
    EVP_MD_free(fetched);
    return found;
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

struct gw_hash {
    EVP_MD_CTX *context;
};

struct gw_hash *gw_hash_new(struct gw_err *err)
{
    struct gw_hash *hash = gw_alloc(1, sizeof *hash, err);
    if (hash == NULL)
        return NULL;
    hash->context = EVP_MD_CTX_new();
    if (hash->context != NULL && algorithm() != NULL && EVP_DigestInit_ex(hash->context, algorithm(), NULL) == 1)
        return hash;
    gw_hash_free(hash);
    fail(err);
    return NULL;
}

int gw_hash_more(struct gw_hash *hash, const void *mem, size_t len, struct gw_err *err)
{
    return EVP_DigestUpdate(hash->context, mem, len) == 1 ? 0 : fail(err);
}

int gw_hash_end(struct gw_hash *hash, uint8_t out[GW_SHA256_LEN], struct gw_err *err)
{
    return EVP_DigestFinal_ex(hash->context, out, NULL) == 1 ? 0 : fail(err);
}

void gw_hash_free(struct gw_hash *hash)
{
    if (hash == NULL)
        return;
    EVP_MD_CTX_free(hash->context);
    gw_free(hash);
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
