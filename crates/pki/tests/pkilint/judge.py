"""What pkilint says about every certificate in a folder: NAME.STANDARD.der, where STANDARD is
pkix or VALIDATION-GENERATION of the S/MIME Baseline Requirements; NAME.crl; NAME.ocsp.

Prints one line for each finding at or above ERROR, then how many documents were read. Ends with
0 also when there are findings: counting them is the caller's.
"""

import pathlib
import sys

from pkilint import loader, pkix
from pkilint.cabf import smime
from pkilint.cabf.smime import smime_constants
from pkilint.pkix import certificate, crl, extension, name, ocsp
from pkilint.validation import ValidationFindingSeverity

WORST = ValidationFindingSeverity.ERROR


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


def main(folder):
    validators = {}
    read = 0
    for path in sorted(pathlib.Path(folder).iterdir()):
        kind = path.suffixes[0][1:] if path.suffix == ".der" else path.suffix[1:]
        if path.suffix == ".der":
            load = loader.RFC5280CertificateDocumentLoader()
        elif kind == "crl":
            load = loader.RFC5280CertificateListDocumentLoader()
        elif kind == "ocsp":
            load = loader.RFC6960OCSPResponseDocumentLoader()
        else:
            continue
        if kind not in validators:
            if kind == "pkix":
                validators[kind] = plain()
            elif kind == "crl":
                validators[kind] = lists()
            elif kind == "ocsp":
                validators[kind] = responses()
            else:
                validators[kind] = baseline(*kind.upper().split("-"))
        document = load.load_der_document(path.read_bytes(), path.name)
        for result in validators[kind].validate(document.root):
            for finding in result.finding_descriptions:
                if finding.finding.severity >= WORST:
                    print(path.name, finding.finding.code, finding.message or "")
        read += 1
    print("read", read)


main(sys.argv[1])
