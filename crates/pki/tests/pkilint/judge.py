"""What pkilint says about every certificate in a folder: NAME.STANDARD.der, where STANDARD is
pkix or VALIDATION-GENERATION of the S/MIME Baseline Requirements; NAME.crl; NAME.ocsp.

Prints one line for each finding that is an ERROR or worse, then how many documents were read.
Ends with 0 also when there are findings: counting them is the caller's.
"""

import functools
import multiprocessing
import pathlib
import sys

from pkilint import loader, pkix
from pkilint.cabf import smime
from pkilint.cabf.smime import smime_constants
from pkilint.pkix import certificate, crl, extension, name, ocsp
from pkilint.validation import ValidationFindingSeverity

KINDS = (".der", ".crl", ".ocsp")
# pkilint counts from the worst up: FATAL is 0.
LEAST = ValidationFindingSeverity.ERROR


def baseline(validation, generation):
    return certificate.create_pkix_certificate_validator_container(
        smime.create_decoding_validators(),
        smime.create_subscriber_validators(
            smime_constants.ValidationLevel[validation],
            smime_constants.Generation[generation],
        ),
    )


def plain():
    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(
            name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS
        ),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )


def lists():
    return crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([]),
            crl.create_extensions_validator_container([]),
        ],
    )


def responses():
    return ocsp.create_pkix_ocsp_response_validator_container(
        [
            ocsp.create_response_decoder(),
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [],
    )


@functools.cache
def validators(kind):
    if kind == "pkix":
        return plain()
    if kind == "crl":
        return lists()
    if kind == "ocsp":
        return responses()
    return baseline(*kind.upper().split("-"))


def load(path):
    if path.suffix == ".crl":
        return "crl", loader.RFC5280CertificateListDocumentLoader()
    if path.suffix == ".ocsp":
        return "ocsp", loader.RFC6960OCSPResponseDocumentLoader()
    return path.suffixes[-2][1:], loader.RFC5280CertificateDocumentLoader()


def findings(path):
    kind, how = load(path)
    document = how.load_der_document(path.read_bytes(), path.name)
    return [
        f"{path.name} {finding.finding.code} {finding.message or ''}"
        for result in validators(kind).validate(document.root)
        for finding in result.finding_descriptions
        if finding.finding.severity <= LEAST
    ]


def main(folder):
    paths = [path for path in sorted(pathlib.Path(folder).iterdir()) if path.suffix in KINDS]
    with multiprocessing.Pool() as pool:
        for found in pool.imap(findings, paths, chunksize=16):
            for line in found:
                print(line)
    print("read", len(paths))


if __name__ == "__main__":
    main(sys.argv[1])
