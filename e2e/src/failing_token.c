/* A PKCS#11 module that hands every call to another one, and fails in between as a file
 * says: the token is out of its slot, the library hangs in the network, answers late, has a
 * broken device, returns what no standard knows, or gives wrong octets as if they were right.
 *
 * SSMAX_TOKEN_MODULE names the other module, SSMAX_TOKEN_FAULT the file. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long num;

/* CK_FUNCTION_LIST: the version, then the functions in the standard's order. */
struct list {
    unsigned char version[2];
    void *function[68];
};

static struct list *real, ours;

/* How long a call takes of a token that is slow, in looks at the file. */
#define SLOW 200

static void look(char fault[32]) {
    FILE *file = fopen(getenv("SSMAX_TOKEN_FAULT"), "r");
    fault[0] = 0;
    if (file) {
        if (!fgets(fault, 32, file)) fault[0] = 0;
        fclose(file);
    }
}

/* Of what a call has given, one octet is another, if it is of the kind. */
static void lie(const char *kind, void *given, num length) {
    char fault[32];
    look(fault);
    if (given && length && !strcmp(fault, kind))
        ((unsigned char *)given)[length - 1] ^= 1;
}

/* CKR_OK once the call may go on. */
static num failed(void) {
    for (int looks = 0;; looks++) {
        char fault[32];
        look(fault);
        if (!strcmp(fault, "Refused")) return 0xe0; /* CKR_TOKEN_NOT_PRESENT */
        if (!strcmp(fault, "Reset")) return 0x30;   /* CKR_DEVICE_ERROR */
        if (!strcmp(fault, "Garbage")) return 0x5eed5eed;
        if (strcmp(fault, "BlackHole") && (strcmp(fault, "Slow") || looks == SLOW)) return 0;
        usleep(20000);
    }
}

#define CALL(place, name, declared, given)                                \
    static num name declared {                                            \
        num fault = failed();                                             \
        return fault ? fault : ((num(*) declared)real->function[place]) given; \
    }

CALL(0, initialize, (void *a), (a))
CALL(4, slot_list, (unsigned char a, void *b, void *c), (a, b, c))
CALL(6, token_info, (num a, void *b), (a, b))
CALL(7, mechanism_list, (num a, void *b, void *c), (a, b, c))
CALL(12, open_session, (num a, num b, void *c, void *d, void *e), (a, b, c, d, e))
CALL(15, session_info, (num a, void *b), (a, b))
CALL(18, login, (num a, num b, void *c, num d), (a, b, c, d))
CALL(26, find_init, (num a, void *b, num c), (a, b, c))
CALL(27, find, (num a, void *b, num c, void *d), (a, b, c, d))
CALL(33, decrypt_init, (num a, void *b, num c), (a, b, c))
CALL(42, sign_init, (num a, void *b, num c), (a, b, c))
CALL(62, derive, (num a, void *b, num c, void *d, num e, void *f), (a, b, c, d, e, f))

struct attribute {
    num type;
    void *value;
    num length;
};

/* CKA_VALUE, which a secret is read by. */
#define VALUE 0x11

static num attributes(num a, num b, struct attribute *c, num d) {
    num result = failed();
    if (!result) result = ((num(*)(num, num, void *, num))real->function[24])(a, b, c, d);
    for (num at = 0; !result && at < d; at++)
        if (c[at].type == VALUE) lie("LyingSecret", c[at].value, c[at].length);
    return result;
}

#define GIVES(place, name, kind)                                                      \
    static num name(num a, void *b, num c, void *d, num *e) {                         \
        num result = failed();                                                        \
        if (!result)                                                                  \
            result = ((num(*)(num, void *, num, void *, num *))real->function[place])(\
                a, b, c, d, e);                                                       \
        if (!result) lie(kind, d, *e);                                                \
        return result;                                                                \
    }

GIVES(34, decrypt, "LyingSecret")
GIVES(43, sign, "LyingSignature")

num C_GetFunctionList(struct list **given) {
    if (!real) {
        void *library = dlopen(getenv("SSMAX_TOKEN_MODULE"), RTLD_NOW);
        num (*list)(struct list **) =
            library ? (num(*)(struct list **))dlsym(library, "C_GetFunctionList") : NULL;
        if (!list || list(&real)) return 0x05; /* CKR_GENERAL_ERROR */
        ours = *real;
        ours.function[0] = initialize;
        ours.function[3] = C_GetFunctionList;
        ours.function[4] = slot_list;
        ours.function[6] = token_info;
        ours.function[7] = mechanism_list;
        ours.function[12] = open_session;
        ours.function[15] = session_info;
        ours.function[18] = login;
        ours.function[24] = attributes;
        ours.function[26] = find_init;
        ours.function[27] = find;
        ours.function[33] = decrypt_init;
        ours.function[34] = decrypt;
        ours.function[42] = sign_init;
        ours.function[43] = sign;
        ours.function[62] = derive;
    }
    *given = &ours;
    return 0;
}
