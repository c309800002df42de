"""What a signer's name looks like: a domain, a slash and the signer's own path.

Source: pkg/apis/certificates/validation: ValidateSignerName.
"""

from steersman.apimachinery import formats
from steersman.apimachinery.fielderrors import invalid_value, required
from steersman.apimachinery.fieldpath import Path
from steersman.apimachinery.status import Cause


def validate_signer_name(name: str, path: Path) -> list[Cause]:
    """The name, which must be there."""
    if not name:
        return [required(path)]
    domain, slash, rest = name.partition("/")
    if not slash:
        why = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        return [invalid_value(path, name, why)]
    faults = [
        invalid_value(path, domain, f"validating label {domain!r}: {error}")
        for error in formats.dns1123_subdomain(domain)
    ]
    if "." not in domain:
        faults.append(invalid_value(path, name, "should be a domain with at least two segments separated by dots"))
    if not rest:
        faults.append(invalid_value(path, name, 'validating label "": must be no less than 1 characters'))
    return faults
