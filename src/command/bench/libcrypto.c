/*
 * The peer of `ssmax bench cms`: the same work done with libcrypto's CMS functions.
 *
 * It is told what to do on standard input and answers on standard output, one line
 * each; LEN octets follow a line that announces them.
 *
 *   key A B C     private key (PKCS#8), signing and encryption certificate, all DER
 *   content A     the MIME entity to sign and to encrypt
 *   signed A      the detached signature to verify over the content
 *   enveloped A   the encrypted message to decrypt
 *   make OP       answers "octets A" with what OP gives once, for the others to read
 *   run OP NS     repeats OP for at least NS nanoseconds: "done COUNT NANOSECONDS"
 *
 * Other answers: "ok", "fault TEXT". Keys and certificates are parsed once. Time is
 * that of this thread on its processor, as in the program that asks.
 */
#include <openssl/bio.h>
#include <openssl/buffer.h>
#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct octets {
    unsigned char *data;
    long len;
};

static EVP_PKEY *private_key;
static X509 *signing_certificate, *encryption_certificate;
static struct octets content, signature, enveloped;

/* Frees what was there, and reads what follows the line. */
static int read_octets(struct octets *into, long len)
{
    free(into->data);
    into->data = malloc(len > 0 ? (size_t)len : 1);
    into->len = len;
    return into->data != NULL && fread(into->data, 1, (size_t)len, stdin) == (size_t)len;
}

static int read_key(long key_len, long signing_len, long encryption_len)
{
    struct octets key = { 0 }, signing = { 0 }, encryption = { 0 };
    const unsigned char *at;
    int good = read_octets(&key, key_len) && read_octets(&signing, signing_len)
        && read_octets(&encryption, encryption_len);

    EVP_PKEY_free(private_key);
    X509_free(signing_certificate);
    X509_free(encryption_certificate);
    private_key = NULL;
    signing_certificate = encryption_certificate = NULL;
    if (good) {
        at = key.data;
        private_key = d2i_AutoPrivateKey(NULL, &at, key.len);
        at = signing.data;
        signing_certificate = d2i_X509(NULL, &at, signing.len);
        at = encryption.data;
        encryption_certificate = d2i_X509(NULL, &at, encryption.len);
    }
    free(key.data);
    free(signing.data);
    free(encryption.data);
    return private_key != NULL && signing_certificate != NULL && encryption_certificate != NULL;
}

/* Gives out the DER, and frees the message. */
static int encode(CMS_ContentInfo *message, struct octets *out)
{
    unsigned char *der = NULL;
    int len = i2d_CMS_ContentInfo(message, &der);

    CMS_ContentInfo_free(message);
    if (len <= 0)
        return 0;
    if (out != NULL) {
        out->data = malloc((size_t)len);
        out->len = len;
        if (out->data != NULL)
            memcpy(out->data, der, (size_t)len);
    }
    OPENSSL_free(der);
    return 1;
}

/* Detached, SHA-256, with signing time, capabilities and signingCertificateV2. */
static int sign(struct octets *out)
{
    const unsigned int flags = CMS_BINARY | CMS_DETACHED | CMS_PARTIAL | CMS_CADES;
    BIO *in = BIO_new_mem_buf(content.data, (int)content.len);
    CMS_ContentInfo *message = CMS_sign(NULL, NULL, NULL, in, flags);
    int good = message != NULL
        && CMS_add1_signer(message, signing_certificate, private_key, EVP_sha256(), flags) != NULL
        && CMS_final(message, in, NULL, flags);

    BIO_free(in);
    if (!good) {
        CMS_ContentInfo_free(message);
        return 0;
    }
    return encode(message, out);
}

/* With the certificate inside; who issued it is asked on neither side. */
static int verify(struct octets *out)
{
    const unsigned int flags = CMS_BINARY | CMS_DETACHED | CMS_NO_SIGNER_CERT_VERIFY;
    const unsigned char *at = signature.data;
    CMS_ContentInfo *message = d2i_CMS_ContentInfo(NULL, &at, signature.len);
    BIO *in = BIO_new_mem_buf(content.data, (int)content.len);
    int good = message != NULL && CMS_verify(message, NULL, NULL, in, NULL, flags) == 1;

    (void)out;
    BIO_free(in);
    CMS_ContentInfo_free(message);
    return good;
}

/* AES-256-CBC; RSA by OAEP with SHA-256, EC by ECDH with the SHA-256 KDF. */
static int encrypt(struct octets *out)
{
    const unsigned int flags = CMS_BINARY | CMS_PARTIAL | CMS_KEY_PARAM;
    BIO *in = BIO_new_mem_buf(content.data, (int)content.len);
    CMS_ContentInfo *message = CMS_encrypt(NULL, in, EVP_aes_256_cbc(), flags);
    CMS_RecipientInfo *recipient = message == NULL ? NULL
        : CMS_add1_recipient_cert(message, encryption_certificate, flags);
    EVP_PKEY_CTX *context = recipient == NULL ? NULL : CMS_RecipientInfo_get0_pkey_ctx(recipient);
    int good = context != NULL;

    if (good && EVP_PKEY_get_base_id(private_key) == EVP_PKEY_RSA)
        good = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0
            && EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0
            && EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0;
    else if (good)
        good = EVP_PKEY_CTX_set_ecdh_kdf_md(context, EVP_sha256()) > 0;
    good = good && CMS_final(message, in, NULL, flags);
    BIO_free(in);
    if (!good) {
        CMS_ContentInfo_free(message);
        return 0;
    }
    return encode(message, out);
}

static int decrypt(struct octets *out)
{
    const unsigned char *at = enveloped.data;
    CMS_ContentInfo *message = d2i_CMS_ContentInfo(NULL, &at, enveloped.len);
    BIO *plain = BIO_new(BIO_s_mem());
    BUF_MEM *buffer = NULL;
    int good;

    (void)out;
    /* Room for all of it from the start: growing would be copying. */
    BIO_get_mem_ptr(plain, &buffer);
    good = message != NULL && BUF_MEM_grow(buffer, (size_t)enveloped.len) > 0;
    if (good) {
        buffer->length = 0;
        good = CMS_decrypt(message, private_key, encryption_certificate, NULL, plain, CMS_BINARY) == 1
            && (long)buffer->length == content.len;
    }
    BIO_free(plain);
    CMS_ContentInfo_free(message);
    return good;
}

typedef int operation(struct octets *out);

static operation *operation_of(const char *name)
{
    if (strcmp(name, "sign") == 0)
        return sign;
    if (strcmp(name, "verify") == 0)
        return verify;
    if (strcmp(name, "encrypt") == 0)
        return encrypt;
    if (strcmp(name, "decrypt") == 0)
        return decrypt;
    return NULL;
}

static long long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (long long)time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void answer(int good)
{
    if (good)
        printf("ok\n");
    else
        printf("fault %s\n", ERR_error_string(ERR_peek_last_error(), NULL));
    ERR_clear_error();
}

static void make(operation *work)
{
    struct octets made = { 0 };

    if (work == NULL || !work(&made) || made.data == NULL) {
        answer(0);
        return;
    }
    printf("octets %ld\n", made.len);
    fwrite(made.data, 1, (size_t)made.len, stdout);
    free(made.data);
}

static void run(operation *work, long long wanted)
{
    long long start = now(), spent = 0;
    long count = 0;

    while (work != NULL && (count == 0 || spent < wanted)) {
        if (!work(NULL))
            break;
        count++;
        spent = now() - start;
    }
    if (count == 0 || spent < wanted)
        answer(0);
    else
        printf("done %ld %lld\n", count, spent);
}

int main(void)
{
    char line[256], name[64];
    long first, second, third;
    long long wanted;

    printf("libcrypto %s\n", OpenSSL_version(OPENSSL_VERSION));
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "key %ld %ld %ld", &first, &second, &third) == 3)
            answer(read_key(first, second, third));
        else if (sscanf(line, "content %ld", &first) == 1)
            answer(read_octets(&content, first));
        else if (sscanf(line, "signed %ld", &first) == 1)
            answer(read_octets(&signature, first));
        else if (sscanf(line, "enveloped %ld", &first) == 1)
            answer(read_octets(&enveloped, first));
        else if (sscanf(line, "make %63s", name) == 1)
            make(operation_of(name));
        else if (sscanf(line, "run %63s %lld", name, &wanted) == 2)
            run(operation_of(name), wanted);
        else
            printf("fault unknown command\n");
        fflush(stdout);
    }
    return 0;
}
