"""An app for Django: `INSTALLED_APPS = ["tactful_adapters.django", …]`. docs/web.md has the settings.

It needs Django, by the extra `django`; importing this package alone does not.
"""
