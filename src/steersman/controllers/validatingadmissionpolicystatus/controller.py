"""The controller that checks the types of policies' expressions. A policy is in force whatever it finds."""

from datetime import datetime
from typing import Any

from steersman.api.admissionregistration import ValidatingAdmissionPolicy
from steersman.api.apiextensions import CustomResourceDefinition
from steersman.client.cache import ObjectKey
from steersman.controllers.validatingadmissionpolicystatus.plan import View, is_due, plan
from steersman.reconcile.controller import Reader, Watch, own_key
from steersman.reconcile.plan import Plan


class ValidatingAdmissionPolicyStatusController:
    """Looks at each new spec once; what becomes of the kinds it is about doesn't have it look again."""

    name = "validatingadmissionpolicy-status"

    @property
    def watches(self) -> tuple[Watch[Any], ...]:
        """Policies; the definitions of custom resources are there to be read."""
        return (Watch(ValidatingAdmissionPolicy, own_key), Watch(CustomResourceDefinition, lambda *_: ()))

    async def observe(self, reader: Reader, key: ObjectKey) -> View | None:
        """The policy with what was found, if its spec is new."""
        policy = reader.get(ValidatingAdmissionPolicy, key)
        if policy is None or not is_due(policy):
            return None
        # Most clusters never have a policy: what reads expressions costs them nothing.
        from steersman.controllers.validatingadmissionpolicystatus.checking import check

        return View(policy, check(policy, reader.cache(CustomResourceDefinition)))

    def plan(self, view: View, _: datetime) -> Plan:
        """See `plan`."""
        return plan(view)
